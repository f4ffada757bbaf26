import { afterEach } from 'vitest'
import { createSimulator, type Simulator, type SimulatorOptions } from '../../src/index.js'

const running: Simulator[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((procore) => procore.close()))
})

/** Starts a simulator that is closed after the test. */
export async function start(options: SimulatorOptions = {}): Promise<Simulator> {
  const procore = await createSimulator(options)
  running.push(procore)
  return procore
}

/** A pair as the token endpoint hands it out. */
export interface Pair {
  readonly accessToken: string
  readonly refreshToken: string
}

export const outOfBand = 'urn:ietf:wg:oauth:2.0:oob'

/** Posts a form, with any further request options. */
export function post(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, { method: 'POST', body: new URLSearchParams(fields), headers })
}

/** Sends a token request with the web application's credentials, unless the fields name others. */
export function requestToken(
  procore: Simulator,
  fields: Readonly<Record<string, string>>,
): Promise<Response> {
  const { clientId, clientSecret } = procore.app
  return post(`${procore.loginOrigin}/oauth/token`, {
    client_id: clientId,
    client_secret: clientSecret,
    ...fields,
  })
}

/** The exchange of a code. */
export function codeFields(procore: Simulator, code: string): Record<string, string> {
  return {
    grant_type: 'authorization_code',
    code,
    redirect_uri: procore.app.redirectUris[0] ?? '',
  }
}

/** Lets the first user allow the application. */
export async function getCode(
  procore: Simulator,
  options: Parameters<Simulator['authorize']>[0] = {},
): Promise<string> {
  const location = await procore.authorize(options)
  return new URL(location).searchParams.get('code') ?? ''
}

/** Signs a user in. */
export async function signIn(procore: Simulator, user?: string): Promise<Pair> {
  const code = await getCode(procore, { user })
  return readPair(await requestToken(procore, codeFields(procore, code)))
}

/** Sends a refresh. */
export function requestRefresh(
  procore: Simulator,
  refreshToken: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return requestToken(procore, {
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    ...fields,
  })
}

/** Refreshes and expects success. */
export async function refresh(procore: Simulator, pair: Pair): Promise<Pair> {
  return readPair(await requestRefresh(procore, pair.refreshToken))
}

/** Reads a member of a JSON object. */
export function member(body: unknown, name: string): unknown {
  if (typeof body !== 'object' || body === null) throw new Error(`No object: ${String(body)}`)
  return new Map<string, unknown>(Object.entries(body)).get(name)
}

/** Reads the pair out of a successful token answer. */
export async function readPair(response: Response): Promise<Pair> {
  if (response.status !== 200) throw new Error(`Token request failed: ${await response.text()}`)
  const body = await response.json()
  return {
    accessToken: String(member(body, 'access_token')),
    refreshToken: String(member(body, 'refresh_token')),
  }
}

/** Status and OAuth error of an answer. */
export async function outcome(response: Response): Promise<readonly [number, unknown]> {
  return [response.status, member(await response.json(), 'error')]
}

/** Calls the API. */
export function callApi(
  procore: Simulator,
  path: string,
  accessToken: string,
  init: RequestInit & { readonly company?: string } = {},
): Promise<Response> {
  const { company, ...rest } = init
  const headers = new Headers(rest.headers)
  headers.set('Authorization', `Bearer ${accessToken}`)
  if (company !== undefined) headers.set('Procore-Company-Id', company)
  return fetch(`${procore.apiOrigin}${path}`, { redirect: 'manual', ...rest, headers })
}

/** Status of `me` with an access token. */
export async function meStatus(procore: Simulator, { accessToken }: Pair): Promise<number> {
  return (await callApi(procore, '/rest/v1.0/me', accessToken)).status
}

export const invalidGrantText =
  'The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.'

export const invalidClientText =
  'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.'
