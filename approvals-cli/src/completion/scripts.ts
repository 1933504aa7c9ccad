export const shells = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof shells)[number];

/** Each script asks the program itself what fits, a word a line; what it offers is in completion/candidates.ts. */
const scripts: Readonly<Record<Shell, string>> = {
  bash: `_approvals() {
  local IFS=$'\\n'
  COMPREPLY=($("\${COMP_WORDS[0]}" __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _approvals approvals
`,
  zsh: `#compdef approvals
_approvals() {
  local -a found
  found=("\${(@f)$(approvals __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _approvals approvals
`,
  fish: `complete -c approvals -f -a '(set -l words (commandline -opc) (commandline -ct); approvals __complete -- $words[2..-1] 2>/dev/null)'
`,
  powershell: `Register-ArgumentCompleter -Native -CommandName approvals -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
  if ($wordToComplete -eq '') { $words += '' }
  approvals __complete -- @words 2>$null | ForEach-Object {
    [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_)
  }
}
`,
};

export function completionScript(shell: Shell): string {
  return scripts[shell];
}
