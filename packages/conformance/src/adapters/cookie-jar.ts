interface KeptCookie {
  readonly name: string
  readonly value: string
  readonly path: string
}

/** The cookies of one browser on one origin, kept by the rules of RFC 6265bis. */
export class CookieJar {
  readonly #origin: URL
  readonly #cookies = new Map<string, KeptCookie>()

  constructor(origin: URL) {
    this.#origin = origin
  }

  /**
   * Keeps or removes a cookie, as its attributes say. One that a browser would refuse is refused.
   *
   * @param header of `Set-Cookie`
   * @param target that was asked for
   */
  take(header: string, target: string): void {
    const [pair = '', ...rest] = header.split(';')
    const [name, value] = splitPair(pair)
    const attributes = new Map(
      rest.map(splitPair).map(([key, text]) => [key.toLowerCase(), text] as const),
    )
    if (!this.#accepts(name, attributes)) return
    const path = attributes.get('path') || directoryOf(target)
    const key = `${name} ${path}`
    this.#cookies.delete(key)
    if (!hasEnded(attributes)) this.#cookies.set(key, { name, value, path })
  }

  /** Returns what a browser would send with a request; empty for none. */
  header(target: string): string {
    const path = pathOf(target)
    return [...this.#cookies.values()]
      .filter((cookie) => path === cookie.path || path.startsWith(directory(cookie.path)))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  #accepts(name: string, attributes: ReadonlyMap<string, string>): boolean {
    const secure = attributes.has('secure')
    if (secure && this.#origin.protocol !== 'https:') return false
    if (/^__(Host|Secure)-/.test(name) && !secure) return false
    const domain = attributes.get('domain')
    if (name.startsWith('__Host-') && (domain || attributes.get('path') !== '/')) return false
    return !domain || domain.replace(/^\./, '') === this.#origin.hostname
  }
}

function splitPair(text: string): [name: string, value: string] {
  const at = text.indexOf('=')
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()]
}

function hasEnded(attributes: ReadonlyMap<string, string>): boolean {
  const maxAge = attributes.get('max-age')
  if (maxAge !== undefined) return Number(maxAge) <= 0
  const expires = attributes.get('expires')
  return expires !== undefined && Date.parse(expires) <= Date.now()
}

function pathOf(target: string): string {
  return target.split('?')[0] ?? ''
}

function directoryOf(target: string): string {
  return pathOf(target).replace(/\/[^/]*$/, '') || '/'
}

function directory(path: string): string {
  return path.endsWith('/') ? path : `${path}/`
}
