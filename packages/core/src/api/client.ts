import { ProcoreAuthError } from '../errors.js'
import { type ClientConfig, fetchFromApi, withoutOwnHeaders } from './fetch.js'
import { connectionError, isJson, send, toApiError } from './send.js'
import { companyHeader, type Query, resolveTarget, toCompanyId } from './target.js'
import type { ApiRequest, ApiResponse } from './transport.js'

/** Options of one call. */
export interface CallOptions {
  readonly query?: Query | undefined
  /** Added to the request. `authorization` and `procore-company-id` are the client's own. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Stops the call. A refresh that it waits for goes on: others need it. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Calls the Procore API for one user or service account, with a token that never goes stale.
 *
 * `get` and the others return the parsed body and throw for every status that is not a success;
 * `fetch` is a standard `fetch`, for openapi-fetch, ky or an SDK. Both send the bearer to the API
 * origin only, renew it on 401, and never for any other answer.
 */
export class ProcoreClient {
  readonly #config: ClientConfig

  constructor(config: ClientConfig) {
    this.#config = config
  }

  /**
   * Returns a client that sends `Procore-Company-Id` with every call. There is no default company.
   *
   * @param id number or text
   * @throws {ProcoreAuthError} `ERR_PROCORE_ARGUMENT_INVALID` when it is no id
   */
  forCompany(id: string | number): ProcoreClient {
    return new ProcoreClient({ ...this.#config, companyId: toCompanyId(id) })
  }

  /**
   * Reads a resource.
   *
   * @param path such as `/rest/v1.0/projects`
   * @returns the parsed JSON; text when it is something else; `undefined` when empty
   * @throws {ProcoreApiError} for every status from 300 on
   * @throws {ProcoreAuthError} `ERR_PROCORE_COMPANY_MISSING`, `ERR_PROCORE_FOREIGN_URL`,
   *   `ERR_PROCORE_API_UNREACHABLE`, and what renewing the token throws
   */
  get<Body = unknown>(path: string, options?: CallOptions): Promise<Body> {
    return this.#call('GET', path, options)
  }

  /** Creates a resource; `body` is sent as JSON. See {@link ProcoreClient.get} for the rest. */
  post<Body = unknown>(path: string, body?: unknown, options?: CallOptions): Promise<Body> {
    return this.#call('POST', path, options, body)
  }

  /** Changes a resource; `body` is sent as JSON. See {@link ProcoreClient.get} for the rest. */
  patch<Body = unknown>(path: string, body?: unknown, options?: CallOptions): Promise<Body> {
    return this.#call('PATCH', path, options, body)
  }

  /** Replaces a resource; `body` is sent as JSON. See {@link ProcoreClient.get} for the rest. */
  put<Body = unknown>(path: string, body?: unknown, options?: CallOptions): Promise<Body> {
    return this.#call('PUT', path, options, body)
  }

  /** Deletes a resource. See {@link ProcoreClient.get} for the rest. */
  delete<Body = unknown>(path: string, options?: CallOptions): Promise<Body> {
    return this.#call('DELETE', path, options)
  }

  /**
   * A standard `fetch` with this client's token, company and connections. It may be passed around
   * on its own. A redirect to another origin, such as a download, is followed without the bearer.
   *
   * @throws {ProcoreAuthError} for a URL of another origin, a missing company, or no token; never
   *   for a status
   */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    return fetchFromApi(this.#config, new Request(absolute(input, this.#config.apiOrigin), init))
  }

  async #call<Body>(
    method: string,
    path: string,
    options: CallOptions = {},
    json?: unknown,
  ): Promise<Body> {
    const target = resolveTarget(this.#config.apiOrigin, path, { method, query: options.query })
    const company = companyHeader(target, this.#config.identity, this.#config.companyId)
    const request: ApiRequest = {
      method,
      path: target.path,
      headers: {
        accept: 'application/json',
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...withoutOwnHeaders(options.headers),
        ...company,
      },
      body: json === undefined ? undefined : JSON.stringify(json),
      signal: options.signal,
    }
    const answer = await send(this.#config, request)
    if (answer.statusCode >= 300) throw await toApiError(request, answer)
    return parse(request, answer)
  }
}

// biome-ignore lint/suspicious/noExplicitAny: the caller says which JSON an endpoint answers with
async function parse(request: ApiRequest, answer: ApiResponse): Promise<any> {
  const text = await answer.body.text().catch((error: unknown) => {
    throw connectionError(request, error)
  })
  if (text === '') return undefined
  if (!isJson(answer)) return text
  try {
    return JSON.parse(text)
  } catch {
    // The error quotes the body; the status and the place are enough.
    throw new ProcoreAuthError(
      'ERR_PROCORE_API_UNREACHABLE',
      `Procore answered ${answer.statusCode} with JSON that breaks off: try again`,
    )
  }
}

function absolute(input: string | URL | Request, apiOrigin: string): URL | Request {
  return input instanceof Request ? input : new URL(input, apiOrigin)
}
