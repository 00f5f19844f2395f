// What nodes in maintenance hold.
import { isTrue, type XmlElement, xmlIndexOf } from '../../cib/index.ts';

/** The cancellation of something that is recorded on a node in maintenance, on another one. */
export function cancelsWhatIsHeld(cib: XmlElement, line: string): boolean {
  const [, id = '', node] =
    /^\* Resource action: (\S+) cancel=\d+ on (\S+)/.exec(line) ?? /^(\S+)_\w+_\d+ cancel (\S+) is /.exec(line) ?? [];
  return statesThatHold(cib, id).some((state) => state.get('uname') !== node);
}

/** A milestone of a group with a member that is recorded on a node in maintenance and on another one. */
export function beginsWhatIsHeld(cib: XmlElement, line: string): boolean {
  const [, id = ''] = /^\* Pseudo action: (\S+)_start_0$/.exec(line) ?? [];
  const members = xmlIndexOf(cib).only('group', id)?.childrenNamed('primitive') ?? [];
  const records = [...xmlIndexOf(cib).allNamed('lrm_resource')];
  return members.some((member) => {
    const isTwice = records.filter((each) => each.id === member.id).length > 1;
    return isTwice && statesThatHold(cib, member.id ?? '').length > 0;
  });
}

/** The nodes in maintenance that have a record of the resource. */
function statesThatHold(cib: XmlElement, id: string): XmlElement[] {
  return [...xmlIndexOf(cib).allNamed('node_state')].filter((state) => {
    const places = [state, ...[...xmlIndexOf(cib).allNamed('node')].filter((each) => each.id === state.id)];
    const isHeld = places.some((each) =>
      [...xmlIndexOf(each).allNamed('nvpair')].some(
        (pair) => pair.get('name') === 'maintenance' && isTrue(pair.get('value')),
      ),
    );
    return isHeld && xmlIndexOf(state).only('lrm_resource', id) !== undefined;
  });
}
