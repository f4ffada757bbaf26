import type { Simulator } from '../../src/index.js'

/** What a browser shows after a step. */
export interface View {
  readonly status: number
  readonly location: string | undefined
  readonly headers: Headers
  readonly text: string
}

/** A browser without scripts: keeps cookies, follows nothing by itself, sends the forms of a page. */
export class Browser {
  readonly #cookies = new Map<string, string>()
  readonly #origin: string

  constructor(origin: string) {
    this.#origin = origin
  }

  /** Another browser with the same cookies. */
  clone(): Browser {
    const copy = new Browser(this.#origin)
    for (const [name, value] of this.#cookies) copy.#cookies.set(name, value)
    return copy
  }

  get(path: string): Promise<View> {
    return this.#send(path, {})
  }

  /** Sends the form with the button of this name. */
  submit(page: View, button: string, typed: Readonly<Record<string, string>> = {}): Promise<View> {
    const forms = page.text.match(/<form[\s\S]*?<\/form>/g) ?? []
    const form = forms.find((text) => new RegExp(`<button[^>]*>${button}<`).test(text)) ?? ''
    const action = /action="([^"]*)"/.exec(form)?.[1] ?? '/no-such-form'
    const fields = new URLSearchParams()
    for (const [, name = '', value = ''] of form.matchAll(/name="([^"]*)" value="([^"]*)"/g)) {
      fields.append(decodeEntities(name), decodeEntities(value))
    }
    for (const [name, value] of Object.entries(typed)) fields.set(name, value)
    return this.#send(decodeEntities(action), { method: 'POST', body: fields })
  }

  /** Logs in on a login page and follows the redirect. */
  async logIn(page: View, user: Simulator['users'][number] | undefined): Promise<View> {
    const email = user?.login ?? ''
    const sent = await this.submit(page, 'Log in', { email, password: user?.password ?? '' })
    return this.get(sent.location ?? '/no-location')
  }

  async #send(path: string, init: RequestInit): Promise<View> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const url = new URL(path, this.#origin)
    const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie } })
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? []
      this.#cookies.set(name, value)
    }
    const { status, headers } = response
    const location = headers.get('location') ?? undefined
    return { status, location, headers, text: await response.text() }
  }
}

/** Writes the path of an authorization request. */
export function authorizePath(
  procore: Simulator,
  fields: Readonly<Record<string, string>> = {},
): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: procore.app.clientId,
    redirect_uri: procore.app.redirectUris[0] ?? '',
    ...fields,
  })
  return `/oauth/authorize?${query}`
}

/** Opens the consent page as the first user. */
export async function openConsent(
  procore: Simulator,
  fields: Readonly<Record<string, string>> = {},
): Promise<{ readonly browser: Browser; readonly page: View }> {
  const browser = new Browser(procore.loginOrigin)
  const redirect = await browser.get(authorizePath(procore, fields))
  const loginPage = await browser.get(redirect.location ?? '')
  return { browser, page: await browser.logIn(loginPage, procore.users[0]) }
}

function decodeEntities(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}
