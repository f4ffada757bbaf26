/** What came back. */
export interface Answer {
  readonly status: number
  /** Where it leads; empty without a redirect. */
  readonly location: string
  readonly text: string
  readonly headers: Headers
  /** `Set-Cookie` headers. */
  readonly cookies: readonly string[]
  /** The body as JSON. */
  json(): unknown
}

/** As much of a browser as these tests take: cookies, and no redirects. */
export class Browser {
  readonly #origin: string
  readonly jar = new Map<string, string>()

  constructor(origin: string) {
    this.#origin = origin
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, headers)
  }

  post(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('POST', path, headers)
  }

  async send(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const response = await fetch(new URL(path, this.#origin), {
      method,
      redirect: 'manual',
      headers: {
        accept: 'text/html',
        cookie: [...this.jar].map(([name, value]) => `${name}=${value}`).join('; '),
        ...headers,
      },
    })
    const cookies = response.headers.getSetCookie()
    for (const cookie of cookies) this.#keep(cookie)
    const text = await response.text()
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      text,
      headers: response.headers,
      cookies,
      json: () => JSON.parse(text),
    }
  }

  #keep(cookie: string): void {
    const [pair = ''] = cookie.split(';')
    const [name = '', value = ''] = pair.split(/=(.*)/s)
    if (/max-age=0\b/i.test(cookie) || value === '') this.jar.delete(name)
    else this.jar.set(name, value)
  }
}
