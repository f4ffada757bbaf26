import type { ProcoreAuthOptions, ProcoreContext } from '@procore-auth/core'

/** The adapter under test: how the suite's application is written with it. */
export interface AdapterSubject {
  /** Framework and version, such as `Express 5`; heads the tests. */
  readonly name: string
  /**
   * Starts the application, listening on a free port of 127.0.0.1.
   *
   * It has an error handler, in the framework's own way, that notes every error and answers with the
   * error's `status` (500 without one) and the text `handled`. What it does not find gets 404 from
   * the last handler, so that an answer which is given twice does not go unnoticed.
   */
  readonly start: (plan: AppPlan) => Promise<RunningApp>
  /**
   * Who keeps the session: `adapter`, which then serves logout and knows `req.procore.user`, or the
   * `application`, through the option `principal`. Default `adapter`.
   */
  readonly session?: 'adapter' | 'application'
  /** How long a request may take before it counts as one without an answer, in ms. Default 10,000. */
  readonly patienceMs?: number
}

/** What the application is to consist of. */
export interface AppPlan {
  /** One, or two for an application that talks to two Procores. */
  readonly mounts: readonly MountPlan[]
  /** Where the framework's parser of JSON bodies stands, seen from the adapter. */
  readonly bodyParser: 'none' | 'before' | 'after'
  /**
   * A `Set-Cookie` header, such as `theirs=1; Path=/`, that the application adds to every answer by a
   * middleware or hook of its own in front of the adapter.
   */
  readonly cookie?: string
}

/** The adapter with options of its own, and the routes behind it. */
export interface MountPlan {
  /**
   * Path at which the framework's own router (group, prefix) holds the adapter and the routes, such
   * as `/portal`; empty for the root. `redirectUri` has it too.
   */
  readonly path: string
  /** To be given to the adapter as an application would. */
  readonly options: ProcoreAuthOptions
  readonly routes: readonly AppRoute[]
}

/** A route of the application. */
export interface AppRoute {
  readonly method: 'GET' | 'POST'
  /** Below the path of its mount. */
  readonly path: string
  /** Whether the adapter's `requireProcore()` stands before it. */
  readonly guarded: boolean
  /**
   * Does the work of the handler. What it throws goes to the framework as a handler's error does.
   *
   * @param procore touches `req.procore`
   * @param body what a body parser made of the request's body
   * @returns what to send as JSON; pieces of text to stream as `text/plain`, each as it comes; or
   *   `undefined` when `req.procore.login()` has answered
   */
  readonly answer: (procore: () => ProcoreContext, body: unknown) => Promise<AppAnswer>
}

/** What a route sends. */
export type AppAnswer =
  | { readonly json: unknown }
  | { readonly stream: AsyncIterable<string> }
  | undefined

/** An application that listens. */
export interface RunningApp {
  readonly port: number
  /** What the framework's error handler was given, in order. */
  readonly errors: readonly unknown[]
  readonly close: () => Promise<void>
}
