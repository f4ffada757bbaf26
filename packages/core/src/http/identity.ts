import type { AuthRequest } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import type { ProcoreUser } from '../token-set.js'
import type { Web } from './web.js'

/** Who a request comes from. */
export interface Identity {
  readonly principal: string
  /** Known where the session cookie is ours; an application with its own session keeps its own. */
  readonly user: ProcoreUser | undefined
}

/** Returns whom the verified session names: the application's own where it has one, else ours. */
export function identify(web: Web, request: AuthRequest): Identity | undefined {
  const { principal } = web.config
  return principal ? toIdentity(web.manager, principal(request)) : web.session.read(request)
}

/** Returns whom the application's own session names. */
export function toIdentity(
  manager: Web['manager'],
  principal: string | undefined,
): Identity | undefined {
  if (principal === undefined) return undefined
  return { principal: manager.ref('authorization_code', principal).principal, user: undefined }
}

/**
 * Returns whose login a request starts or ends.
 *
 * @returns `undefined` where the principal will be the Procore user's id
 * @throws {ProcoreAuthError} `ERR_PROCORE_PRINCIPAL_MISSING` when the application's session is to be
 *   bound and names nobody
 */
export function loginPrincipal(web: Web, request: AuthRequest): string | undefined {
  if (!web.config.principal) return undefined
  const identity = identify(web, request)
  if (identity) return identity.principal
  throw new ProcoreAuthError(
    'ERR_PROCORE_PRINCIPAL_MISSING',
    'The option principal returned nobody: sign the user in to the application before the login route',
  )
}
