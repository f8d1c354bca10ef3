/** The pages' one style sheet. */
export const STYLE = `
:root { --line: #d1d9e0; --soft: #f6f8fa; --text: #1f2328; --muted: #59636e; --link: #0969da; --green: #1f883d; --red: #cf222e; --amber: #9a6700; --purple: #8250df }
* { box-sizing: border-box }
body { margin: 0; font: 14px/1.5 -apple-system, BlinkMacSystemFont, "Segoe UI", "Noto Sans", Helvetica, Arial, sans-serif; color: var(--text); background: #fff }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
code, pre, .mono { font-family: ui-monospace, SFMono-Regular, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; font-size: 12px }
header.top { background: var(--soft); border-bottom: 1px solid var(--line); padding: 14px 32px 0 }
header.top .name { font-size: 16px; display: flex; gap: 6px; align-items: center } header.top .name b { font-weight: 600 }
header.top .stand-in { margin-left: auto; color: var(--muted); font-size: 12px; border: 1px dashed var(--line); border-radius: 12px; padding: 0 10px }
nav.tabs { display: flex; gap: 6px; margin-top: 10px } nav.tabs a { padding: 6px 10px 8px; color: var(--text); border-bottom: 2px solid transparent }
nav.tabs a.here { border-bottom-color: #fd8c73; font-weight: 600 } nav.tabs a:hover { text-decoration: none; background: #eef1f4; border-radius: 6px 6px 0 0 }
.count { background: #e3e8ed; border-radius: 10px; padding: 0 7px; font-size: 12px; font-weight: 500 }
main { max-width: 1216px; margin: 0 auto; padding: 24px 32px 64px }
h1 { font-size: 26px; font-weight: 400; margin: 0 0 6px } h1 .number { color: var(--muted) } h2 { font-size: 16px; margin: 28px 0 8px; font-weight: 600 }
.muted { color: var(--muted) } .small { font-size: 12px } .icon { vertical-align: -3px; flex: none }
.state { vertical-align: middle; margin-right: 4px; display: inline-flex; gap: 5px; align-items: center; color: #fff; border-radius: 16px; padding: 4px 12px; font-weight: 500 } .state .icon { color: #fff !important }
.state.open, .state.success { background: var(--green) } .state.closed, .state.failure { background: var(--red) } .state.merged { background: var(--purple) } .state.draft, .state.neutral { background: var(--muted) } .state.pending { background: var(--amber) }
.label { border: 1px solid var(--line); border-radius: 12px; padding: 0 8px; font-size: 12px; color: var(--muted); white-space: nowrap }
.label.success { color: var(--green); border-color: #4ac26b } .label.failure { color: var(--red); border-color: #ff8182 } .label.pending { color: var(--amber); border-color: #d4a72c }
.box { border: 1px solid var(--line); border-radius: 6px; margin: 0 0 16px; overflow: hidden } .box > .head { background: var(--soft); padding: 10px 16px; border-bottom: 1px solid var(--line); display: flex; gap: 8px; align-items: center; font-weight: 600 }
.box > .row { padding: 10px 16px; border-top: 1px solid #e6eaef; display: flex; gap: 10px; align-items: center } .box > .row:first-child, .box > .head + .row { border-top: 0 }
.row .grow { flex: 1; min-width: 0 } .row .right { margin-left: auto; text-align: right; white-space: nowrap } .body { padding: 16px }
.branch { background: #ddf4ff; color: var(--link); border-radius: 6px; padding: 1px 6px; font-family: ui-monospace, Menlo, Consolas, monospace; font-size: 12px }
button, .button { font: inherit; font-size: 13px; font-weight: 500; padding: 4px 14px; border: 1px solid var(--line); border-radius: 6px; background: var(--soft); color: var(--text); cursor: pointer } button:hover { background: #eef1f4 }
button.primary { background: var(--green); color: #fff; border-color: #1a7f37 } button.danger { color: var(--red) }
select, input { font: inherit; font-size: 13px; padding: 4px 8px; border: 1px solid var(--line); border-radius: 6px; background: #fff }
form.inline { display: inline-flex; gap: 6px; align-items: center; margin: 0 }
.timeline { border-left: 2px solid var(--line); margin: 0 0 16px 15px; padding: 2px 0 2px 24px } .timeline .event { margin: 10px 0; position: relative } .timeline .event .icon { position: absolute; left: -33px; top: 2px; background: #fff; border-radius: 50% }
.columns { display: grid; grid-template-columns: 280px 1fr; gap: 24px; align-items: start }
.side a.row { color: inherit } .side a.row.here { background: #ddf4ff66; box-shadow: inset 2px 0 0 var(--link) } .side a.row:hover { text-decoration: none; background: var(--soft) }
.run-head { display: flex; gap: 10px; align-items: center; margin-bottom: 4px } .run-head h1 { font-size: 22px; font-weight: 600; margin: 0 } .run-head .right { margin-left: auto; display: flex; gap: 8px }
.actions { display: flex; flex-wrap: wrap; gap: 8px; align-items: center; padding: 12px 16px; border-top: 1px solid var(--line); background: var(--soft) }
.markdown > :first-child { margin-top: 0 } .markdown > :last-child { margin-bottom: 0 }
.markdown h1, .markdown h2 { font-size: 18px; font-weight: 600; border-bottom: 1px solid var(--line); padding-bottom: 5px; margin: 22px 0 12px } .markdown h3 { font-size: 15px; margin: 20px 0 8px } .markdown h4 { font-size: 14px; margin: 16px 0 6px }
.markdown p, .markdown ul, .markdown ol, .markdown table, .markdown pre, .markdown blockquote, .markdown details { margin: 0 0 14px } .markdown ul, .markdown ol { padding-left: 26px } .markdown li + li { margin-top: 3px }
.markdown table { border-collapse: collapse; display: block; max-width: 100%; overflow-x: auto } .markdown th, .markdown td { border: 1px solid var(--line); padding: 5px 12px; text-align: left; vertical-align: top } .markdown th { font-weight: 600 } .markdown tr:nth-child(2n) td { background: var(--soft) }
.markdown code { background: #818b981f; border-radius: 5px; padding: 2px 5px } .markdown pre { background: var(--soft); border-radius: 6px; padding: 14px; overflow: auto } .markdown pre code { background: none; padding: 0 }
.markdown blockquote { border-left: 4px solid var(--line); padding: 0 14px; color: var(--muted) } .markdown summary { cursor: pointer } .markdown hr { border: 0; border-top: 1px solid var(--line); margin: 20px 0 } .markdown input { margin-right: 4px }
.markdown li:has(> input[type=checkbox]) { list-style: none; margin-left: -22px }
.markdown kbd { border: 1px solid var(--line); border-radius: 5px; padding: 1px 5px; background: var(--soft); font-size: 11px }
.markdown .alert { color: inherit } .alert-title { font-weight: 600; margin-bottom: 4px !important } .alert.note { border-color: var(--link) } .alert.note .alert-title { color: var(--link) } .alert.tip { border-color: var(--green) } .alert.tip .alert-title { color: var(--green) } .alert.important { border-color: var(--purple) } .alert.important .alert-title { color: var(--purple) } .alert.warning { border-color: #bf8700 } .alert.warning .alert-title { color: var(--amber) } .alert.caution { border-color: var(--red) } .alert.caution .alert-title { color: var(--red) }
.notice { border: 1px solid #d4a72c66; background: #fff8c5; border-radius: 6px; padding: 10px 16px; margin-bottom: 16px }
footer { color: var(--muted); font-size: 12px; text-align: center; padding: 0 0 32px }
@media (max-width: 800px) { main { padding: 16px } .columns { grid-template-columns: 1fr } }
`;
