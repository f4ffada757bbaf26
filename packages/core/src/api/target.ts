import { ProcoreAuthError } from '../errors.js'

/** Where a call goes, and as whom. */
export interface Target {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly pathname: string
}

const METHOD = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/

/**
 * Resolves what a caller named to a path of the API. The bearer goes to no other origin.
 *
 * @param apiOrigin the configured one
 * @param input a path that starts with `/`, or a URL of that origin
 * @throws {ProcoreAuthError} `ERR_PROCORE_FOREIGN_URL`, `ERR_PROCORE_ARGUMENT_INVALID`
 */
export function resolveTarget(
  apiOrigin: string,
  input: string,
  { method, query }: { readonly method: string; readonly query?: Query | undefined },
): Target {
  if (!METHOD.test(method)) throw invalid(`The method must be one of HTTP's, in capitals`)
  if (!/^(\/|https?:\/\/)/i.test(input)) {
    throw invalid('The path of an API call must start with "/", as in /rest/v1.0/projects')
  }
  if (!URL.canParse(input, apiOrigin)) throw invalid('The path of an API call is malformed')
  const url = new URL(input, apiOrigin)
  if (url.origin !== apiOrigin || url.username || url.password) {
    throw new ProcoreAuthError(
      'ERR_PROCORE_FOREIGN_URL',
      `A Procore token goes to ${apiOrigin} only: pass a path, and fetch other addresses without this client`,
    )
  }
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one))
  }
  return { method, path: url.pathname + url.search, pathname: url.pathname }
}

/** Query parameters; `undefined` is left out, a list repeats the name. */
export type Query = Readonly<
  Record<string, string | number | boolean | readonly (string | number)[] | undefined>
>

const EXEMPT = /^\/rest\/v1\.0\/(me|companies)\/?$/

/**
 * Returns the `Procore-Company-Id` header of a call, or an error before anything is sent.
 *
 * @param target the call
 * @param identity whose token; a service account has no exempt calls
 * @param companyId the chosen company; there is never a default
 * @throws {ProcoreAuthError} `ERR_PROCORE_COMPANY_MISSING`
 */
export function companyHeader(
  target: Target,
  identity: 'user' | 'service-account',
  companyId: string | undefined,
): Readonly<Record<string, string>> {
  if (companyId !== undefined) return { 'procore-company-id': companyId }
  const exempt = identity === 'user' && target.method === 'GET' && EXEMPT.test(target.pathname)
  if (exempt) return {}
  throw new ProcoreAuthError(
    'ERR_PROCORE_COMPANY_MISSING',
    `${target.method} ${target.pathname} needs a company: call client.forCompany(id) first`,
  )
}

/**
 * Checks the id of a company. Ids exceed 32 bits and travel as text.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_ARGUMENT_INVALID`
 */
export function toCompanyId(id: unknown): string {
  const text = typeof id === 'number' && Number.isSafeInteger(id) ? String(id) : id
  if (typeof text === 'string' && /^[1-9]\d{0,19}$/.test(text)) return text
  throw invalid('A company id is a whole number above 0; as text when it exceeds 2^53')
}

function invalid(message: string): ProcoreAuthError {
  return new ProcoreAuthError('ERR_PROCORE_ARGUMENT_INVALID', message)
}
