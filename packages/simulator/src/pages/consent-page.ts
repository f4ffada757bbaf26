import { html } from 'hono/html'
import type { SimulatedUser } from '../world.js'
import { hiddenFields, type Page, renderPage } from './page.js'

/** What the consent page shows. */
export interface ConsentPage {
  readonly applicationName: string
  readonly user: SimulatedUser
  /** Protects the forms against other sites. */
  readonly csrfToken: string
  /** The parameters of the authorization request, to be sent back. */
  readonly parameters: ReadonlyMap<string, string>
  /** The authorization request as a path, for signing in as another user. */
  readonly returnTo: string
}

/**
 * Writes the page on which the user allows or denies the application.
 *
 * @param page What it shows.
 * @returns The page.
 */
export function renderConsentPage(page: ConsentPage): Promise<Page> {
  const allow = new Map([['authenticity_token', page.csrfToken], ...page.parameters])
  const deny = new Map([['_method', 'delete'], ...allow])
  const content = html`<h1>${page.applicationName} wants to access your Procore account</h1>
<p>You are signed in as <strong>${page.user.name}</strong> (${page.user.login}).</p>
<p>If you allow it, the application can read and change what you can read and change in Procore.</p>
<form method="post" action="/oauth/authorize">
${hiddenFields(allow)}<button type="submit">Allow</button>
</form>
<form method="post" action="/oauth/authorize">
${hiddenFields(deny)}<button type="submit" class="quiet">Deny</button>
</form>
<p><a href="/logout?return_to=${encodeURIComponent(page.returnTo)}">Sign in as another user</a></p>`
  return renderPage({ title: `Allow ${page.applicationName}?`, content })
}
