// A timer for the deadlines of a protocol machine, on a timerfd (man 2 timerfd_create). Node's own timers count whole
// milliseconds from a time of day that may be stale: they fire up to two milliseconds late, which a 10 ms advertisement
// interval notices. This one is armed with the instant itself; a quiet machine is some ten microseconds late.
//
// A machine's deadline mostly moves away: the advert or the token came. So the timer may stay armed for an instant that is
// too soon, and asks for the deadline again when it wakes: no system call each time that a deadline moves away.
import { assert, ok } from '../kit/index.ts';
import { monotonicMs } from './clock.ts';
import { type KernelResult, kernelError } from './error.ts';
import { close, errno, timerfdCreate, timerfdSettime } from './libc.ts';
import { type Watch, watchReadable } from './readiness/watch.ts';

export type DeadlineTimerOptions = {
  /** What is timed, for error texts: `the VRRP instances`. */
  readonly name: string;
  /** The soonest deadline at this moment, on the clock of `monotonicMs`; Infinity: none. */
  readonly nextDeadline: () => number;
  /** Called in a turn of its own when the deadline has passed, never before. The next one is asked for afterwards. */
  readonly onDue: (deadlineMs: number) => void;
};

const CLOCK_MONOTONIC = 1;
const TFD_NONBLOCK_CLOEXEC = 0o2004000;
const TFD_TIMER_ABSTIME = 1;
/** In the value of `timerfd_settime`, all zero disarms. */
const never = 0;
/** A century: whoever waits for longer is woken in vain then. */
const secondsMax = 3_155_760_000;
const nanosecondsMax = 999_999_999;
/** A busy ring moves its deadline thousands of times a second, by little: a hundred settings are enough. */
const vainMs = 10;

export class DeadlineTimer {
  readonly #fd: number;
  readonly #nextDeadline: () => number;
  readonly #onDue: (deadlineMs: number) => void;
  #watch: Watch | undefined;
  /** `struct itimerspec`: no interval, then the instant in seconds and nanoseconds. */
  readonly #value = Buffer.alloc(32);
  #armedMs = Number.POSITIVE_INFINITY;
  #open = true;

  /** A timer that is not armed yet. It keeps the process running until it is closed. */
  static open(options: DeadlineTimerOptions): KernelResult<DeadlineTimer> {
    const fd = timerfdCreate(CLOCK_MONOTONIC, TFD_NONBLOCK_CLOEXEC);
    if (fd < 0) return kernelError('timerfd_create', errno(), `time ${options.name}`);
    const timer = new DeadlineTimer(fd, options);
    const watch = watchReadable(fd, `the timer of ${options.name}`, () => timer.#wake());
    if (!watch.ok) {
      close(fd);
      return watch;
    }
    timer.#watch = watch.value;
    return ok(timer);
  }

  private constructor(fd: number, { nextDeadline, onDue }: DeadlineTimerOptions) {
    this.#fd = fd;
    this.#nextDeadline = nextDeadline;
    this.#onDue = onDue;
  }

  /** Sees to it that the deadline is looked at when `dueMs` has come, or sooner. An instant that has passed is due at once. */
  wakeBy(dueMs: number): void {
    if (!this.#open || dueMs >= this.#armedMs) return;
    this.#arm(dueMs);
  }

  /**
   * The same where `dueMs` is the soonest deadline of all, which may have moved away: by more than `vainMs` the timer moves
   * along, as that costs less than to wake in vain.
   */
  moveTo(dueMs: number): void {
    if (dueMs <= this.#armedMs) this.wakeBy(dueMs);
    else if (this.#open && dueMs - this.#armedMs > vainMs && dueMs !== Number.POSITIVE_INFINITY) this.#arm(dueMs);
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#watch?.close();
    close(this.#fd);
  }

  /** Setting it anew also takes back that it has fired: unset it would wake the loop again and again. */
  #wake(): void {
    this.#armedMs = Number.POSITIVE_INFINITY;
    const deadlineMs = this.#nextDeadline();
    if (deadlineMs <= monotonicMs()) this.#onDue(deadlineMs);
    if (!this.#open || this.#armedMs !== Number.POSITIVE_INFINITY) return;
    this.wakeBy(this.#nextDeadline());
    if (this.#armedMs === Number.POSITIVE_INFINITY) this.#set(never);
  }

  #arm(dueMs: number): void {
    this.#armedMs = dueMs;
    this.#set(Math.max(dueMs, 1));
  }

  #set(instantMs: number): void {
    const seconds = Math.min(Math.floor(instantMs / 1000), secondsMax);
    this.#value.writeUInt32LE(seconds, 16);
    this.#value.writeUInt32LE(Math.min(Math.ceil((instantMs - seconds * 1000) * 1e6), nanosecondsMax), 24);
    const set = timerfdSettime(this.#fd, TFD_TIMER_ABSTIME, this.#value, null);
    assert(set === 0, 'a timerfd takes every instant');
  }
}
