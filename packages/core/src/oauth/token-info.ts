import { ProcoreAuthError } from '../errors.js'
import type { Secret } from '../redact.js'
import type { OAuthClient } from './client.js'

/** Whether Procore still honours an access token. */
export type TokenState = 'valid' | 'invalid'

/**
 * Asks `GET /oauth/token/info` about an access token.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE` when there is no clear answer
 */
export async function inspectAccessToken(
  client: OAuthClient,
  accessToken: Secret,
): Promise<TokenState> {
  let status: number
  try {
    const response = await client.fetch(`${client.loginOrigin}/oauth/token/info`, {
      headers: { accept: 'application/json', authorization: `Bearer ${accessToken.reveal()}` },
      redirect: 'manual',
      signal: AbortSignal.timeout(client.timeoutMs),
    })
    const body = await response.text()
    // A page of a proxy says nothing about a token.
    status = response.status === 200 && !isJsonObject(body) ? 0 : response.status
  } catch {
    status = 0
  }
  if (status === 200) return 'valid'
  if (status === 401) return 'invalid'
  throw new ProcoreAuthError(
    'ERR_PROCORE_TOKEN_ENDPOINT_UNREACHABLE',
    `Procore did not say whether the access token is valid (${status ? `HTTP ${status}` : 'no answer'}): try again`,
  )
}

function isJsonObject(text: string): boolean {
  const value: unknown = JSON.parse(text)
  return typeof value === 'object' && value !== null
}
