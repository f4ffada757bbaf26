import type { ProcoreClient } from '../api/client.js'
import type { AuthRequest } from '../auth-request.js'
import { ProcoreAuthError } from '../errors.js'
import type { EventBus } from '../events.js'
import type { Secret } from '../redact.js'
import type { ProcoreUser, TokenSet } from '../token-set.js'
import type { TokenManager } from '../tokens/token-manager.js'
import type { TokenSource } from '../tokens/token-source.js'
import { readUser } from './user.js'

/** A sign-in that Procore has granted and the application has not yet accepted. */
export interface SignIn<Raw = unknown> {
  readonly user: ProcoreUser
  /** Whose grant it will be: the Procore user's id, or what the option `principal` returned. */
  readonly principal: string
  /** Calls the API as this user, already now and also after the sign-in. */
  readonly client: ProcoreClient
  /** The callback's request; absent for an installed app. */
  readonly request: AuthRequest<Raw> | undefined
}

/**
 * Called before a sign-in counts: the place to find or create the application's own user. Returning
 * `false` refuses the sign-in: the tokens are revoked and nothing is stored. What it throws refuses
 * it as well and reaches the framework's error handler.
 */
// A method's parameters are compared loosely, so handlers may name their framework's request.
export type OnSignIn<Raw = unknown> = {
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing accepts
  handle(signIn: SignIn<Raw>): void | boolean | Promise<void | boolean>
}['handle']

/** What completing a sign-in needs. */
export interface SignInConfig {
  readonly manager: TokenManager
  readonly events: EventBus
  readonly exchange: (code: Secret, redirectUri: string) => Promise<TokenSet>
  readonly revoke: (accessToken: Secret) => Promise<void>
  readonly createClient: (source: TokenSource) => ProcoreClient
  readonly onSignIn: OnSignIn | undefined
}

/** An authorization code and where it came from. */
export interface GrantedCode {
  readonly code: Secret
  readonly redirectUri: string
  /** Whose grant it becomes; default: the Procore user's id. */
  readonly principal: string | undefined
  readonly request: AuthRequest | undefined
}

/**
 * Turns an authorization code into a stored grant: exchanges it, reads the user, asks the
 * application, stores. Tokens of a sign-in that fails on the way are revoked.
 *
 * @throws {TokenRequestError} from the exchange
 * @throws {ProcoreAuthError} `ERR_PROCORE_USER_UNAVAILABLE`, `ERR_PROCORE_SIGN_IN_REFUSED`,
 *   `ERR_PROCORE_STORE_UNAVAILABLE`
 */
export async function completeSignIn(config: SignInConfig, granted: GrantedCode): Promise<SignIn> {
  const tokens = await config.exchange(granted.code, granted.redirectUri)
  try {
    return await accept(config, granted, tokens)
  } catch (error) {
    // Best effort: the failure itself is what the caller must hear of.
    await config.revoke(tokens.accessToken).catch(() => undefined)
    throw error
  }
}

async function accept(
  config: SignInConfig,
  granted: GrantedCode,
  tokens: TokenSet,
): Promise<SignIn> {
  const source = new NewTokens(tokens)
  const client = config.createClient(source)
  const user = await readUser(client)
  const principal = granted.principal ?? user.id
  const signIn: SignIn = { user, principal, client, request: granted.request }
  if ((await config.onSignIn?.(signIn)) === false) {
    throw new ProcoreAuthError('ERR_PROCORE_SIGN_IN_REFUSED', 'onSignIn refused this user')
  }
  const ref = config.manager.ref('authorization_code', principal)
  await config.manager.save(ref, { tokens, user, redirectUri: granted.redirectUri })
  source.handOver(config.manager.source(ref))
  await config.events.emit('signed-in', { principal, user })
  return signIn
}

/** Tokens that are not stored yet: used as they are, then handed over to the manager. */
class NewTokens implements TokenSource {
  readonly #token: { readonly accessToken: Secret; readonly generation: string }
  #stored: TokenSource | undefined

  constructor(tokens: TokenSet) {
    this.#token = { accessToken: tokens.accessToken, generation: 'new' }
  }

  handOver(stored: TokenSource): void {
    this.#stored = stored
  }

  async use(): ReturnType<TokenSource['use']> {
    return this.#stored?.use() ?? this.#token
  }

  async replace(
    rejected: Parameters<TokenSource['replace']>[0],
  ): ReturnType<TokenSource['replace']> {
    return this.#stored?.replace(rejected) ?? this.#token
  }

  async confirm(token: Parameters<TokenSource['confirm']>[0]): ReturnType<TokenSource['confirm']> {
    return this.#stored?.confirm(token) ?? 'invalid'
  }
}
