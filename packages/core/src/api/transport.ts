import type { Agent, Dispatcher, Pool } from 'undici'

/** One exchange with the API. Bodies are small; downloads are streamed by `client.fetch`. */
export type ApiResponse = Dispatcher.ResponseData

/** What goes over the wire to the API. */
export interface ApiRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | undefined
  readonly signal?: AbortSignal | undefined
}

/** The connections of one application. Nothing is loaded or opened before the first use. */
export interface Transport {
  /** Sends one request to the API origin, on a connection that is kept. */
  api(request: ApiRequest): Promise<ApiResponse>
  /** A `fetch` on a connection of its own, for the token endpoint. */
  tokenFetch(url: string, init: RequestInit): Promise<Response>
  /** Waits for what is under way, then closes the connections. */
  close(): Promise<void>
}

const CONNECTIONS = 128
const CONNECT_TIMEOUT_MS = 10_000
const MAXIMUM_TOKEN_ANSWER_BYTES = 262_144

interface Dispatchers {
  readonly pool: Pool
  readonly agent: Agent
}

/**
 * Creates the transport over undici, which takes some 80 ms to load and so waits for the first call.
 *
 * The token endpoint gets no kept connection: one that the server closed a moment ago would make it
 * unknowable whether a refresh token was spent.
 */
export function createTransport(config: {
  readonly apiOrigin: string
  readonly timeoutMs: number
}): Transport {
  let opened: Promise<Dispatchers> | undefined
  const open = (): Promise<Dispatchers> => {
    opened ??= openDispatchers(config)
    return opened
  }
  return {
    api: async ({ method, path, headers, body, signal }) => {
      const { pool } = await open()
      return pool.request({ method, path, headers, body: body ?? null, signal: signal ?? null })
    },
    tokenFetch: async (url, init) => tokenFetch((await open()).agent, url, init),
    close: async () => {
      const dispatchers = await opened
      await Promise.all([dispatchers?.pool.close(), dispatchers?.agent.close()])
    },
  }
}

async function openDispatchers(config: {
  readonly apiOrigin: string
  readonly timeoutMs: number
}): Promise<Dispatchers> {
  const { Agent, Pool } = await import('undici')
  const connect = { timeout: CONNECT_TIMEOUT_MS }
  const timeouts = { headersTimeout: config.timeoutMs, bodyTimeout: config.timeoutMs }
  return {
    pool: new Pool(config.apiOrigin, { connect, connections: CONNECTIONS, ...timeouts }),
    agent: new Agent({ connect, pipelining: 0 }),
  }
}

async function tokenFetch(agent: Agent, url: string, init: RequestInit): Promise<Response> {
  const { origin, pathname, search } = new URL(url)
  const answer = await agent.request({
    origin,
    path: pathname + search,
    method: init.method === 'POST' ? 'POST' : 'GET',
    headers: Object.fromEntries(new Headers(init.headers)),
    body: init.body ? String(init.body) : null,
    signal: init.signal ?? null,
  })
  const body = await readBounded(answer.body)
  const empty = body.length === 0
  const headers = new Headers()
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const one of [value ?? []].flat()) headers.append(name, one)
  }
  return new Response(empty ? null : body, { status: answer.statusCode, headers })
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of body) {
    chunks.push(chunk)
    size += chunk.length
    if (size > MAXIMUM_TOKEN_ANSWER_BYTES) throw new RangeError('answer too large')
  }
  return Buffer.concat(chunks).toString('utf8')
}
