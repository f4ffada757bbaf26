import type { StartedLogin } from '../../src/state/login-state.js'

/** The login cookies of one browser. */
export class TestBrowser {
  readonly cookies: Record<string, string> = {}

  /** Does what the answer of the login route asks for. */
  accept(started: StartedLogin): void {
    this.cookies[started.cookie.name] = started.cookie.value
    for (const name of started.remove) delete this.cookies[name]
  }

  /** Bytes that the browser sends with each request. */
  get bytes(): number {
    const header = Object.entries(this.cookies).map(([name, value]) => `${name}=${value}`)
    return header.join('; ').length
  }
}
