import { html } from 'hono/html'
import type { SimulatedUser } from '../world.js'
import { hiddenFields, type Markup, type Page, renderPage } from './page.js'

/** What the login page shows. */
export interface LoginPage {
  readonly users: readonly SimulatedUser[]
  /** Protects the form against other sites. */
  readonly csrfToken: string
  /** Where the browser goes after the login. */
  readonly returnTo: string | undefined
  /** What was typed before; set when it was wrong. */
  readonly rejectedLogin?: string
}

/**
 * Writes the login page with the accounts that exist.
 *
 * @param page What it shows.
 * @returns The page.
 */
export function renderLoginPage(page: LoginPage): Promise<Page> {
  const wrong = page.rejectedLogin !== undefined
  const described = wrong ? html`aria-describedby="login-error" aria-invalid="true"` : ''
  const hidden = new Map([['authenticity_token', page.csrfToken]])
  if (page.returnTo !== undefined) hidden.set('return_to', page.returnTo)
  const content = html`<h1>Log in to Procore</h1>
${wrong ? html`<p class="alert" id="login-error" role="alert">Email or password is wrong. Use one of the accounts below.</p>` : ''}
<form method="post" action="/login">
${hiddenFields(hidden)}<label for="email">Email</label>
<input id="email" name="email" type="email" autocomplete="username" required value="${page.rejectedLogin ?? ''}" ${described}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required ${described}>
<button type="submit">Log in</button>
</form>
${accountsTable(page.users)}`
  return renderPage({ title: 'Log in', content })
}

function accountsTable(users: readonly SimulatedUser[]): Markup {
  const rows = users.map(
    ({ login, password }) => html`<tr><td>${login}</td><td><code>${password}</code></td></tr>
`,
  )
  return html`<table>
<caption>Accounts of this simulator</caption>
<thead><tr><th scope="col">Email</th><th scope="col">Password</th></tr></thead>
<tbody>
${rows}</tbody>
</table>`
}
