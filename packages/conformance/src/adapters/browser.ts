import { type Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { CookieJar } from './cookie-jar.js'

/** What came back. */
export interface Answer {
  /** Method and target that were sent, for messages. */
  readonly request: string
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** `Set-Cookie` headers. */
  readonly cookies: readonly string[]
  readonly text: string
}

/** What to send beside method and target. */
export interface Sent {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Aborted, the browser leaves. */
  readonly signal?: AbortSignal
}

/** Where the application is, as the world sees it and as it is. */
export interface Address {
  /** Origin that the browser believes to talk to; the request carries its host. */
  readonly origin: URL
  readonly port: number
  /** What a proxy in front of the application takes off each path; empty without a proxy. */
  readonly stripped: string
}

/** What all browsers of one application share. */
export interface Connections {
  readonly agent: Agent
  readonly patienceMs: number
}

/** `Accept` of a browser that opens a page. */
export const PAGE = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'
/** `Accept` of a program. */
export const JSON_ONLY = 'application/json'

/** A client of the application, with cookies of its own. */
export class Browser {
  readonly #address: Address
  readonly #connections: Connections
  readonly #accept: string
  readonly #jar: CookieJar

  constructor(address: Address, connections: Connections, accept: string) {
    this.#address = address
    this.#connections = connections
    this.#accept = accept
    this.#jar = new CookieJar(address.origin)
  }

  /** Sends GET. */
  get(target: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', target, { headers })
  }

  /** Sends POST. */
  post(target: string, sent: Sent = {}): Promise<Answer> {
    return this.send('POST', target, sent)
  }

  /** Sends any method and reads the answer to its end. Redirects are not followed. */
  async send(method: string, target: string, sent: Sent = {}): Promise<Answer> {
    const response = await this.open(method, target, sent)
    return {
      request: `${method} ${target}`,
      status: response.statusCode ?? 0,
      headers: response.headers,
      cookies: response.headers['set-cookie'] ?? [],
      text: await text(response),
    }
  }

  /** Sends a request; resolves when the headers of its answer are there. */
  open(method: string, target: string, sent: Sent = {}): Promise<IncomingMessage> {
    const { port } = this.#address
    const { agent, patienceMs } = this.#connections
    const timeout = AbortSignal.timeout(patienceMs)
    const signal = AbortSignal.any([timeout, ...(sent.signal ? [sent.signal] : [])])
    const headers = { ...this.#headers(target), ...lengthOf(sent.body), ...sent.headers }
    const path = this.#arriving(target)
    return new Promise((resolve, reject) => {
      const fail = (cause: unknown): void => {
        const why = timeout.aborted ? `no answer within ${patienceMs} ms` : 'the connection broke'
        reject(new Error(`${method} ${target}: ${why}`, { cause }))
      }
      const asked = request(
        { host: '127.0.0.1', port, method, path, headers, agent, signal },
        (response) => {
          for (const cookie of response.headers['set-cookie'] ?? []) this.#jar.take(cookie, target)
          response.once('error', fail)
          resolve(response)
        },
      )
      asked.once('error', fail)
      asked.end(sent.body)
    })
  }

  #headers(target: string): Record<string, string> {
    const { origin, stripped } = this.#address
    const cookie = this.#jar.header(target)
    return {
      host: origin.host,
      accept: this.#accept,
      ...(cookie && { cookie }),
      ...(origin.protocol === 'https:' && { 'x-forwarded-proto': 'https' }),
      ...(stripped && { 'x-forwarded-prefix': stripped }),
    }
  }

  #arriving(target: string): string {
    const { stripped } = this.#address
    if (!stripped) return target
    if (!target.startsWith(`${stripped}/`)) throw new Error(`${target} is not behind the proxy`)
    return target.slice(stripped.length)
  }
}

/** Returns the body of an answer, which has to be JSON. */
export function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text)
  } catch (cause) {
    throw new Error(`${answer.request}: ${answer.status} without JSON: ${answer.text}`, { cause })
  }
}

function lengthOf(body: string | undefined): Record<string, string> {
  return body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
}
