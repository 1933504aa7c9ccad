export const pageStyle = `
:root { color-scheme: light dark; --line: #8884; --faint: #777; --good: #1a7f37; --bad: #cf222e; --held: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #f85149; --held: #d29922; --faint: #999; } }
* { box-sizing: border-box; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1.5rem; max-width: 72rem; }
code, pre, h2 { font-family: ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
h1 { font-size: 1.3rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
time { color: var(--faint); font-weight: normal; margin-right: .75rem; }
section { border-top: 1px solid var(--line); padding: 1rem 0; }
.day { color: var(--faint); margin: 1.5rem 0 .5rem; }
.step { margin: .5rem 0 .75rem 1.5rem; }
.step p { margin: .15rem 0; overflow-wrap: anywhere; }
.result { margin-left: .75rem; color: var(--good); }
.failed > p .result, .alarm { color: var(--bad); }
.verdict { color: var(--faint); }
.approve { color: var(--good); font-weight: 600; }
.deny { color: var(--bad); font-weight: 600; }
.open { color: var(--held); font-weight: 600; }
.faint { color: var(--faint); }
pre { margin: .4rem 0; padding: .5rem .75rem; background: #8881; border-radius: 4px; white-space: pre-wrap; font-size: 13px; }
.in { color: var(--good); } .out { color: var(--bad); } .hunk { color: var(--faint); }
details > summary { cursor: pointer; overflow-wrap: anywhere; }
details.terminal { margin: .5rem 0; }
.player { margin: .5rem 0; max-width: 60rem; }
`;
