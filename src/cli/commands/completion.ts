import { buildCommand } from '@stricli/core';

/** bash(1), "Programmable Completion": the words up to the cursor go to `haven complete`, which answers a line a proposal. */
const bashScript = `_haven() {
  local IFS=$'\\n'
  COMPREPLY=($(haven complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _haven haven
`;

export const completionCommand = buildCommand({
  docs: { brief: 'Print what makes bash complete the words of haven: source <(haven completion)' },
  parameters: {},
  func() {
    process.stdout.write(bashScript);
  },
});
