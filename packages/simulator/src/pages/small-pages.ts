import { html } from 'hono/html'
import type { SimulatedUser } from '../world.js'
import { type Page, renderPage } from './page.js'

/**
 * Writes the page that shows a code to be copied into an application without a browser.
 *
 * @param code The authorization code.
 * @returns The page.
 */
export function renderNativePage(code: string): Promise<Page> {
  const content = html`<h1>Authorization code</h1>
<p>Copy this code into your application. It works once, within 10 minutes.</p>
<p><code id="authorization_code">${code}</code></p>`
  return renderPage({ title: 'Authorization code', content })
}

/**
 * Writes the page of an authorization request that cannot go on; the application never hears of it.
 *
 * @param description What is wrong.
 * @param status Status of the answer; default 200.
 * @returns The page.
 */
export function renderErrorPage(description: string, status: Page['status'] = 200): Promise<Page> {
  const content = html`<h1>An error has occurred</h1>
<pre role="alert">${description}</pre>`
  return renderPage({ title: 'An error has occurred', content }, status)
}

/**
 * Writes the page of a user who logged in without an application.
 *
 * @param user Who is signed in.
 * @returns The page.
 */
export function renderHomePage(user: SimulatedUser): Promise<Page> {
  const content = html`<h1>You are signed in</h1>
<p>This is ${user.name} (${user.login}). Start the login from your application.</p>
<p><a href="/logout">Log out</a></p>`
  return renderPage({ title: 'Signed in', content })
}
