import { equal, ok } from 'node:assert/strict'
import type { Simulator } from '@procore-auth/simulator'
import { type Answer, type Browser, JSON_ONLY, jsonOf } from './browser.js'

/** How a login goes. */
export interface Login {
  /** Where it begins; default the login route. */
  readonly from?: string
  /** Who decides; default Jim. */
  readonly user?: string | undefined
  readonly decision?: 'allow' | 'deny'
}

/** Where one adapter is in the application, and the Procore behind it. */
export class Mount {
  readonly procore: Simulator
  readonly redirectUri: string
  readonly #prefix: string

  constructor(parts: {
    readonly procore: Simulator
    readonly redirectUri: string
    readonly prefix: string
  }) {
    this.procore = parts.procore
    this.redirectUri = parts.redirectUri
    this.#prefix = parts.prefix
  }

  /** Returns the path that a browser asks for to get to a route of the application. */
  at(path: string): string {
    return this.#prefix + path
  }

  /** Returns the path of one of the adapter's routes. */
  route(name: 'login' | 'logout' | 'disconnect' | 'callback'): string {
    return name === 'callback'
      ? new URL(this.redirectUri).pathname
      : this.at(`/auth/procore/${name}`)
  }

  /** Starts a login in a browser and lets a user decide; returns path and query of the callback. */
  async authorize(browser: Browser, login: Login = {}): Promise<string> {
    const answer = await browser.get(login.from ?? this.route('login'))
    // Where the application keeps the session, `procore.login()` leads there by its login route.
    const { location = '' } = answer.headers
    const viaLogin = location.startsWith(`${this.route('login')}?`)
    return this.decide(viaLogin ? await browser.get(location) : answer, login)
  }

  /** Lets a user decide what a redirect to Procore asks; returns path and query of the callback. */
  async decide(answer: Answer, login: Login = {}): Promise<string> {
    const asked = this.askedOf(answer)
    const { user, decision } = login
    const back = await this.procore.authorize({
      state: asked.get('state') ?? '',
      redirectUri: asked.get('redirect_uri') ?? '',
      user,
      decision,
    })
    const url = new URL(back)
    return url.pathname + url.search
  }

  /** Returns the parameters of a redirect to Procore, which the answer has to be. */
  askedOf(answer: Answer): URLSearchParams {
    const { location = '' } = answer.headers
    const url = URL.canParse(location) ? new URL(location) : undefined
    ok(
      isRedirect(answer) && url?.origin === this.procore.loginOrigin,
      `${answer.request}: not a redirect to Procore: ${answer.status} ${location}`,
    )
    equal(url.pathname, '/oauth/authorize')
    return url.searchParams
  }

  /** Signs a user in; returns the answer of the callback. */
  async signIn(browser: Browser, login: Login = {}): Promise<Answer> {
    const answer = await browser.get(await this.authorize(browser, login))
    ok(isRedirect(answer), `${answer.request}: ${answer.status} ${answer.text.slice(0, 300)}`)
    return answer
  }

  /** Returns where an answer leads on this origin; an address elsewhere is returned whole. */
  endOf(answer: Answer): string {
    const { location } = answer.headers
    ok(isRedirect(answer) && location, `${answer.request}: not a redirect: ${answer.status}`)
    const url = new URL(location, this.redirectUri)
    const isOwn = url.origin === new URL(this.redirectUri).origin
    return isOwn ? url.pathname + url.search + url.hash : url.href
  }

  /** Returns the login of the user that the API sees, through a guarded route that passes it on. */
  async login(browser: Browser, route: string = '/me'): Promise<unknown> {
    const answer = await browser.get(this.at(route), { accept: JSON_ONLY })
    equal(answer.status, 200, `${answer.request}: ${answer.status} ${answer.text.slice(0, 300)}`)
    const me = jsonOf(answer)
    return typeof me === 'object' && me !== null && 'login' in me ? me.login : undefined
  }

  /** How many codes were exchanged, or tried to. */
  get exchanges(): number {
    return this.procore.ledger.tokenRequests('authorization_code').length
  }

  /** How many tokens were revoked, or tried to. */
  get revocations(): number {
    return this.procore.ledger.count({ path: '/oauth/revoke' })
  }
}

function isRedirect({ status }: Answer): boolean {
  return status === 302 || status === 303
}
