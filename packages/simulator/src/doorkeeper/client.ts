import { type Application, type Doorkeeper, type Parameters, present } from './model.js'

/** What a request shows to prove which application it is. */
export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string | undefined
}

/**
 * Reads the client's credentials: HTTP Basic first, then the parameters. Basic values are taken raw.
 *
 * @param parameters Decoded request parameters.
 * @param authorization The `Authorization` header.
 * @returns The credentials, or `undefined` when the request names no client.
 */
export function readClientCredentials(
  parameters: Parameters,
  authorization: string | undefined,
): ClientCredentials | undefined {
  const basic = readBasic(authorization ?? '')
  if (basic !== undefined) return basic
  const clientId = present(parameters, 'client_id')
  if (clientId === undefined) return undefined
  return { clientId, clientSecret: present(parameters, 'client_secret') }
}

/**
 * Authenticates a client.
 *
 * @param doorkeeper The authorization server.
 * @param credentials What the request showed.
 * @returns The application, or `undefined` when id or secret are wrong or missing.
 */
export function authenticateClient(
  doorkeeper: Doorkeeper,
  credentials: ClientCredentials | undefined,
): Application | undefined {
  const application = doorkeeper.applications.get(credentials?.clientId ?? '')
  return application?.clientSecret === credentials?.clientSecret ? application : undefined
}

function readBasic(authorization: string): ClientCredentials | undefined {
  const encoded = /^Basic (.*)$/s.exec(authorization)?.[1]
  if (encoded === undefined) return undefined
  const [clientId = '', ...rest] = Buffer.from(encoded, 'base64').toString('utf8').split(':')
  if (clientId.trim() === '') return undefined
  return { clientId, clientSecret: rest.length === 0 ? undefined : rest.join(':') }
}
