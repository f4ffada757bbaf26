import { createAdaptorServer } from '@hono/node-server'
import { optionsFromEnv, type ProcoreContext } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/fetch'
import { createSimulator } from '@procore-auth/simulator'
import { Hono } from 'hono'
import { createMiddleware } from 'hono/factory'
import { projectsPage, welcomePage } from './pages.js'

const { PORT = '4567', PROCORE_CLIENT_ID } = process.env
const redirectUri = `http://localhost:${PORT}/auth/procore/callback`

// Without an app of your own, an offline Procore.
const simulator = PROCORE_CLIENT_ID
  ? undefined
  : await createSimulator({ redirectUris: [redirectUri] })
const options = simulator
  ? {
      environment: { loginOrigin: simulator.loginOrigin, apiOrigin: simulator.apiOrigin },
      ...simulator.app,
      redirectUri,
      secret: simulator.app.clientSecret,
    }
  : optionsFromEnv()

interface Env {
  Variables: { procore: ProcoreContext; request: Request }
}

const withProcore = procoreAuth(options)
const procore = createMiddleware<Env>(async (c, next) => {
  const serve = withProcore(async (request) => {
    c.set('procore', request.procore)
    // Others, such as bodyLimit(), put a new one in place of c.req.raw.
    c.set('request', request)
    await next()
    return c.res
  })
  const response = await serve(c.req.raw)
  if (!c.finalized) return c.newResponse(response.body, response)
  // Emptied first: Hono would put the cookies of the old response in place of the new ones.
  c.res = undefined
  c.res = response
})
const signedIn = createMiddleware<Env>((c, next) => requireProcore(next)(c.var.request))

const app = new Hono()
  .use(procore)
  .get('/', (c) => c.html(welcomePage(c.var.procore.user)))
  .get('/projects', signedIn, async (c) => {
    const { user, client } = c.var.procore
    return c.html(await projectsPage(user, client))
  })

const server = createAdaptorServer({ fetch: app.fetch })
server.listen(Number(PORT), 'localhost', () => {
  console.log(`Open http://localhost:${PORT}`)
  const [user] = simulator?.users ?? []
  if (user) console.log(`and log in as ${user.login}, password ${user.password}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
    await simulator?.close()
  })
}
