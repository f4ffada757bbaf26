import type { ProcoreClient } from '../api/client.js'
import { ProcoreAuthError } from '../errors.js'
import type { ProcoreUser } from '../token-set.js'

const MAXIMUM_TEXT_LENGTH = 320

/**
 * Reads who a token belongs to (`GET /rest/v1.0/me`).
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_USER_UNAVAILABLE`
 */
export async function readUser(client: ProcoreClient): Promise<ProcoreUser> {
  let me: unknown
  try {
    me = await client.get('/rest/v1.0/me')
  } catch (cause) {
    throw unavailable('could not be read', cause)
  }
  if (typeof me !== 'object' || me === null) throw unavailable('is not an object')
  const id = 'id' in me ? toId(me.id) : undefined
  const login = 'login' in me ? toText(me.login) : undefined
  const name = 'name' in me ? toText(me.name) : undefined
  if (id === undefined || login === undefined) throw unavailable('has no usable id or login')
  return { id, login, name: name ?? login }
}

function toId(value: unknown): string | undefined {
  const text = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  return typeof text === 'string' && /^[1-9]\d{0,19}$/.test(text) ? text : undefined
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= MAXIMUM_TEXT_LENGTH ? value : undefined
}

function unavailable(what: string, cause?: unknown): ProcoreAuthError {
  return new ProcoreAuthError(
    'ERR_PROCORE_USER_UNAVAILABLE',
    `Procore granted access, but the user (GET /rest/v1.0/me) ${what}: sign in again`,
    { cause },
  )
}
