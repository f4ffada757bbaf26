import { createApiApp } from './api/api-app.js'
import { createClock } from './clock.js'
import { readAuthorizationRequest } from './doorkeeper/authorize.js'
import { type Doorkeeper, outOfBandUri } from './doorkeeper/model.js'
import { disconnectUser, expireTokens } from './doorkeeper/revoke.js'
import { createFaultQueue } from './faults.js'
import { type ConduitParts, createConduit } from './http/conduit.js'
import { startServers } from './http/start-servers.js'
import { createLedgerBook } from './ledger.js'
import { carryOut } from './login/authorize-routes.js'
import { createLoginApp } from './login/login-app.js'
import { createSessions } from './login/sessions.js'
import { type ResolvedOptions, resolveOptions, type SimulatorOptions } from './options.js'
import { systemRandom } from './random.js'
import type { AuthorizeOptions, Simulator } from './simulator.js'
import { createWorld, type SimulatedUser, type World } from './world.js'

/**
 * Starts an offline Procore: a login origin and an API origin on 127.0.0.1, with their own users, companies and time.
 *
 * @param options Ports, credentials and the variants of a real server.
 * @returns The running simulator.
 * @throws {Error} when a port is taken (`code` is `EADDRINUSE`).
 * @example
 * ```ts
 * await using procore = await createSimulator({ refreshMode: 'on-use' })
 * const location = await procore.authorize({ state: 'abc' })
 * ```
 */
export async function createSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const resolved = resolveOptions(options, systemRandom)
  const doorkeeper = createDoorkeeper(resolved)
  const world = createWorld(options.users)
  const book = createLedgerBook()
  const queue = createFaultQueue()
  const { clock } = doorkeeper
  const login = createLoginApp({
    doorkeeper,
    users: world.users,
    sessions: createSessions(systemRandom),
  })
  let apiOrigin = ''
  const { rateLimits } = resolved
  const api = createApiApp({ doorkeeper, world, rateLimits, origin: () => apiOrigin })
  const around = { clock, book, queue }
  const handle = (origin: ConduitParts['origin'], app: typeof login) =>
    createConduit({
      ...around,
      origin,
      route: (request, context) => app.fetch(request, { context }),
    })
  const servers = await startServers(resolved.port, {
    login: handle('login', login),
    api: handle('api', api),
  })
  apiOrigin = servers.api.origin
  return {
    loginOrigin: servers.login.origin,
    apiOrigin,
    ...describeApps(resolved),
    users: world.users,
    companies: world.companies,
    clock,
    ledger: book.ledger,
    faults: queue.faults,
    ...createControls(doorkeeper, world),
    close: servers.close,
    [Symbol.asyncDispose]: servers.close,
  }
}

function createDoorkeeper({ settings, app, serviceApp }: ResolvedOptions): Doorkeeper {
  return {
    settings,
    clock: createClock(),
    random: systemRandom,
    applications: new Map([app, serviceApp].map((known) => [known.clientId, known])),
    grants: new Map(),
    tokens: new Map(),
    tokensByRefreshToken: new Map(),
  }
}

function describeApps({ app, serviceApp }: ResolvedOptions): Pick<Simulator, 'app' | 'serviceApp'> {
  const { clientId, clientSecret, redirectUris } = app
  return {
    app: { clientId, clientSecret, redirectUris: [...redirectUris] },
    serviceApp: { clientId: serviceApp.clientId, clientSecret: serviceApp.clientSecret },
  }
}

type Controls = Pick<
  Simulator,
  'expireAccessTokens' | 'revoke' | 'setAccessTokenLifetime' | 'setRefreshMode' | 'authorize'
>

function createControls(doorkeeper: Doorkeeper, world: World): Controls {
  return {
    expireAccessTokens: () => expireTokens(doorkeeper),
    revoke: (user) => disconnectUser(doorkeeper, findUser(world, user).id),
    setAccessTokenLifetime(seconds) {
      doorkeeper.settings.accessTokenLifetimeSeconds = seconds
    },
    setRefreshMode(mode) {
      doorkeeper.settings.refreshMode = mode
    },
    authorize: async (options = {}) => authorize(doorkeeper, { world, options }),
  }
}

function authorize(
  doorkeeper: Doorkeeper,
  input: { readonly world: World; readonly options: AuthorizeOptions },
): string {
  const { user, redirectUri, state, extra, decision = 'allow' } = input.options
  const [app] = doorkeeper.applications.values()
  const parameters = new Map([
    ['response_type', 'code'],
    ['client_id', app?.clientId ?? ''],
    ['redirect_uri', redirectUri ?? app?.redirectUris[0] ?? outOfBandUri],
    ...(state === undefined ? [] : [['state', state] as const]),
    ...Object.entries(extra ?? {}),
  ])
  const { id } = findUser(input.world, user)
  const request = readAuthorizationRequest(doorkeeper, parameters)
  const result = carryOut(doorkeeper, { request, userId: id, decision })
  if (!result.ok) {
    throw new Error(`The authorization was refused: ${result.error}. ${result.description}`)
  }
  const isOutOfBand = parameters.get('redirect_uri') === outOfBandUri
  return isOutOfBand && 'code' in result ? (result.code ?? result.location) : result.location
}

function findUser(world: World, user: SimulatedUser | string | undefined): SimulatedUser {
  const wanted = typeof user === 'object' ? user.id : user
  const found = world.users.find(
    ({ id, login }) => wanted === undefined || id === wanted || login === wanted,
  )
  if (found === undefined) throw new Error('There is no such user in this simulator.')
  return found
}
