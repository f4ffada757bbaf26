import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProcoreAuth, ProcoreAuthOptions, ProcoreContext } from '@procore-auth/core'
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

/** What this adapter needs of an Express request; Express 4 and 5 alike. */
export type ExpressRequest = IncomingMessage & Express.Request & { readonly originalUrl?: string }

type Next = (error?: unknown) => void

/** A middleware of Express 4 and 5. */
export type Handler = (req: ExpressRequest, res: ServerResponse, next: Next) => void

/** The Procore user in the shape that all strategies of Passport use. */
export interface ProcoreProfile {
  readonly provider: 'procore'
  /** Decimal digits; Procore's ids exceed 32 bits. */
  readonly id: string
  readonly displayName: string
  /** The e-mail address the user logs in with. */
  readonly username: string
  readonly emails: readonly [{ readonly value: string }]
  readonly _json: NonNullable<ProcoreContext['user']>
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
export type VerifyDone = (error?: unknown, user?: Found, info?: object) => void

type Found = Express.User | false | null

type Tokens = [accessToken: string, refreshToken: string]
type Ending = [profile: ProcoreProfile, done: VerifyDone]
type WithParameters = [...Tokens, parameters: TokenParameters, ...Ending]

/** Finds or creates the application's user. */
export type Verify = (...args: [...Tokens, ...Ending]) => void

/** The same with what else Procore told. */
export type VerifyWithParameters = (...args: WithParameters) => void

/** The same with the request, where `passReqToCallback` is set. */
export type VerifyWithRequest = (req: Request, ...args: [...Tokens, ...Ending]) => void

/** The same with both. */
export type VerifyWithRequestAndParameters = (req: Request, ...args: WithParameters) => void

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
