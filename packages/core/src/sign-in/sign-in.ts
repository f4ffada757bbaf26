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
  readonly exchange: (granted: GrantedCode) => Promise<TokenSet>
  readonly revoke: (accessToken: Secret) => Promise<void>
  readonly createClient: (source: TokenSource) => ProcoreClient
  readonly onSignIn: OnSignIn | undefined
}

/** An authorization code and where it came from. */
export interface GrantedCode {
  readonly code: Secret
  readonly redirectUri: string
  /** Sent along with the code, such as a PKCE verifier. */
  readonly parameters?: Readonly<Record<string, string>>
}

/** Whose grant it becomes. */
interface Owner {
  /** Default: the Procore user's id. */
  readonly principal: string | undefined
  readonly request: AuthRequest | undefined
}

/** Tokens that Procore has granted and that are nobody's yet: to be kept or discarded, once. */
export interface NewGrant {
  readonly tokens: TokenSet
  /** Reads who they belong to, once. */
  user(): Promise<ProcoreUser>
  /** Asks the application and stores them; when that fails they are revoked. */
  keep(owner: Owner): Promise<SignIn>
  /** Revokes them, once. Best effort: what led here is what the caller must hear of. */
  discard(): Promise<void>
}

/**
 * Turns an authorization code into a stored grant: exchanges it, reads the user, asks the
 * application, stores. Tokens of a sign-in that fails on the way are revoked.
 *
 * @throws {TokenRequestError} from the exchange
 * @throws {ProcoreAuthError} `ERR_PROCORE_USER_UNAVAILABLE`, `ERR_PROCORE_SIGN_IN_REFUSED`,
 *   `ERR_PROCORE_STORE_UNAVAILABLE`
 */
export async function completeSignIn(
  config: SignInConfig,
  granted: GrantedCode & Owner,
): Promise<SignIn> {
  const grant = await exchangeCode(config, granted)
  return grant.keep(granted)
}

/**
 * Exchanges an authorization code and leaves to the caller what becomes of the tokens.
 *
 * @throws {TokenRequestError} from the exchange
 */
export async function exchangeCode(config: SignInConfig, granted: GrantedCode): Promise<NewGrant> {
  const tokens = await config.exchange(granted)
  const source = new NewTokens(tokens)
  const client = config.createClient(source)
  let reading: Promise<ProcoreUser> | undefined
  const user = (): Promise<ProcoreUser> => {
    reading ??= readUser(client)
    return reading
  }
  let revoking: Promise<void> | undefined
  const discard = (): Promise<void> => {
    revoking ??= config.revoke(tokens.accessToken).catch(() => undefined)
    return revoking
  }
  const accept = async (owner: Owner): Promise<SignIn> => {
    const me = await user()
    const principal = owner.principal ?? me.id
    const signIn: SignIn = { user: me, principal, client, request: owner.request }
    if ((await config.onSignIn?.(signIn)) === false) {
      throw new ProcoreAuthError('ERR_PROCORE_SIGN_IN_REFUSED', 'onSignIn refused this user')
    }
    const ref = config.manager.ref('authorization_code', principal)
    await config.manager.save(ref, { tokens, user: me, redirectUri: granted.redirectUri })
    source.handOver(config.manager.source(ref))
    await config.events.emit('signed-in', { principal, user: me })
    return signIn
  }
  const keep: NewGrant['keep'] = async (owner) => {
    try {
      return await accept(owner)
    } catch (error) {
      await discard()
      throw error
    }
  }
  return { tokens, user, keep, discard }
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
