import type { IncomingMessage, ServerResponse } from 'node:http'
import type {
  ProcoreAuth,
  ProcoreAuthOptions,
  ProcoreContext,
  ProcoreUser,
} from '@procore-auth/core'
import type OAuth2Strategy from 'passport-oauth2'

declare global {
  namespace Express {
    interface Request {
      /** Who is signed in with Procore, and what can be done for them. Set by `strategy.attach()`. */
      procore: ProcoreContext
    }
    interface AuthInfo {
      /** Path on this origin to end at, after a sign-in with Procore. */
      readonly returnTo?: string
    }
  }
}

/** Express's own request, of the version whose types are installed. */
export type Request = Parameters<OAuth2Strategy['authenticate']>[0]

export type Response = NonNullable<Request['res']>

/** What this adapter needs of an Express request; Express 4 and 5 alike. */
export type ExpressRequest = IncomingMessage & Express.Request & { readonly originalUrl?: string }

/** A middleware of Express 4 and 5. */
export type Handler = (
  req: ExpressRequest,
  res: ServerResponse,
  next: (error?: unknown) => void,
) => void

/** The Procore user in the shape that all strategies of Passport use. */
export interface ProcoreProfile {
  readonly provider: 'procore'
  /** Decimal digits; Procore's ids exceed 32 bits. */
  readonly id: string
  readonly displayName: string
  /** The e-mail address the user logs in with. */
  readonly username: string
  readonly emails: readonly [{ readonly value: string }]
  readonly _json: ProcoreUser
}

/** What else Procore told with the tokens. */
export interface TokenParameters {
  readonly access_token: string
  readonly token_type: 'Bearer'
  /** Seconds. */
  readonly expires_in: number
  /** Epoch seconds. */
  readonly created_at: number
}

/** Ends `verify`: with an error, with a user, or with `false` and why not. */
export type VerifyDone = (
  error?: unknown,
  user?: Express.User | false | null,
  info?: object,
) => void

/** Finds or creates the application's user. */
export type Verify = (
  accessToken: string,
  refreshToken: string,
  profile: ProcoreProfile,
  done: VerifyDone,
) => void

/** The same with what else Procore told. */
export type VerifyWithParameters = (
  accessToken: string,
  refreshToken: string,
  parameters: TokenParameters,
  profile: ProcoreProfile,
  done: VerifyDone,
) => void

/** The same with the request, where `passReqToCallback` is set. */
export type VerifyWithRequest = (
  req: Request,
  accessToken: string,
  refreshToken: string,
  profile: ProcoreProfile,
  done: VerifyDone,
) => void

/** The same with both. */
export type VerifyWithRequestAndParameters = (
  req: Request,
  accessToken: string,
  refreshToken: string,
  parameters: TokenParameters,
  profile: ProcoreProfile,
  done: VerifyDone,
) => void

type PassportOptions = Pick<
  OAuth2Strategy.StrategyOptions,
  'pkce' | 'proxy' | 'scope' | 'scopeSeparator' | 'sessionKey' | 'skipUserProfile' | 'state'
>

type CoreOptions = Partial<
  Omit<ProcoreAuthOptions<ExpressRequest>, 'clientId' | 'principal' | 'redirectUri' | 'scope'>
>

/**
 * The options of passport-oauth2 and those of `createProcoreAuth`. What is left out comes from the
 * `PROCORE_*` variables.
 */
export interface ProcoreStrategyOptions extends CoreOptions, PassportOptions {
  /** Ready-made by `createProcoreAuth`, and shared with jobs; it brings what concerns Procore. */
  readonly auth?: ProcoreAuth
  /** Client ID of the app in Procore's Developer Portal. */
  readonly clientID?: string
  /**
   * Absolute URL that Procore sends the browser back to, exactly as registered. A relative one is
   * resolved against each request, as passport-oauth2 does.
   */
  readonly callbackURL?: string
  /** Names the environment where `environment` does not; must not contradict it. */
  readonly authorizationURL?: string
  readonly tokenURL?: string
  /**
   * Path of the route with `passport.authenticate('procore')`, as a browser asks for it. Default
   * `/auth/procore/login`.
   */
  readonly loginPath?: string
  /** Whose grant it is: an id of the application's user. Default: the user's `id`. */
  principal?(user: Express.User): string
  /** An own store of login states; default: a cookie, for which no session is needed. */
  readonly store?: OAuth2Strategy.StateStore | undefined
  readonly passReqToCallback?: boolean
}
