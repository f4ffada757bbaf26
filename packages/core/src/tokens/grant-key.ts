import { ProcoreAuthError } from '../errors.js'
import type { GrantType } from '../token-set.js'

/** Which grant: no part may ever be left out, or a token reaches the wrong place. */
export interface GrantId {
  /** Name of the environment. */
  readonly environment: string
  readonly clientId: string
  readonly grantType: GrantType
  /** Whose grant: a user of the application, or of Procore. */
  readonly principal: string
}

const MAXIMUM_PRINCIPAL_LENGTH = 255

/** Returns the key of a grant in the store. Different grants have different keys. */
export function grantKey(id: GrantId): string {
  return `${grantKeyPrefix(id)}${encodeURIComponent(id.principal)}`
}

/** Returns what the keys of all grants of one type begin with. */
export function grantKeyPrefix(id: Omit<GrantId, 'principal'>): string {
  return `${['procore', id.environment, id.clientId, id.grantType].map(encodeURIComponent).join(':')}:`
}

/**
 * Checks a principal where it enters.
 *
 * @throws {ProcoreAuthError} `ERR_PROCORE_ARGUMENT_INVALID` unless it is text of 1 to 255 characters
 */
export function assertPrincipal(principal: unknown): asserts principal is string {
  const fault =
    typeof principal !== 'string'
      ? `it is ${principal === null ? 'null' : typeof principal}`
      : principal === ''
        ? 'it is empty'
        : principal.length > MAXIMUM_PRINCIPAL_LENGTH
          ? 'it is too long'
          : /\p{Surrogate}/u.test(principal) && 'it is not well-formed text'
  if (!fault) return
  throw new ProcoreAuthError(
    'ERR_PROCORE_ARGUMENT_INVALID',
    `A principal must be text of 1 to ${MAXIMUM_PRINCIPAL_LENGTH} characters, such as a user id: ${fault}`,
  )
}
