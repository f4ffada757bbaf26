import { createHash } from 'node:crypto'

/** The style sheet of all pages. */
export const styles = `
:root { color-scheme: light; --accent: #f47e42; --ink: #22252a; --line: #d5d9de; --link: #9a3f0c }
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; background: #f4f5f6; color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
.banner { margin: 0; padding: .5rem 1rem; background: var(--ink); color: #fff; text-align: center; font-size: .875rem }
main { width: min(28rem, 100% - 2rem); margin: 3rem auto; padding: 2rem; background: #fff; border: 1px solid var(--line); border-top: 4px solid var(--accent); border-radius: .5rem }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25 }
label { display: block; margin: 1rem 0 .25rem; font-weight: 600 }
input { width: 100%; padding: .625rem .75rem; border: 1px solid #767c84; border-radius: .25rem; font: inherit }
button { width: 100%; margin-top: 1.25rem; padding: .75rem; border: 1px solid transparent; border-radius: .25rem; background: var(--accent); color: #1c1206; font: inherit; font-weight: 600; cursor: pointer }
button.quiet { margin-top: .75rem; border-color: #767c84; background: #fff; color: var(--ink) }
button:hover { filter: brightness(.95) }
a { color: var(--link) }
:focus-visible { outline: 3px solid #1a5fb4; outline-offset: 2px }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
caption { padding: 1.5rem 0 .5rem; text-align: left; font-weight: 600 }
th, td { padding: .375rem .5rem .375rem 0; border-top: 1px solid var(--line); text-align: left; overflow-wrap: anywhere }
code { overflow-wrap: anywhere }
pre { white-space: pre-wrap; overflow-wrap: anywhere }
.alert { margin: 0; padding: .75rem; border-left: 4px solid #b3261e; background: #fdecea; color: #7a1912 }
@media (max-width: 30rem) { main { margin: 1rem auto; padding: 1.25rem } }
`

/** The source expression that lets this style sheet, and nothing else, through a content security policy. */
export const stylesSource: string = `'sha256-${createHash('sha256').update(styles).digest('base64')}'`
