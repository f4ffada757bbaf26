import Router from '@koa/router'
import { optionsFromEnv } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/koa'
import { createSimulator } from '@procore-auth/simulator'
import Koa from 'koa'
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

const app = new Koa()
app.use(procoreAuth(options))

const router = new Router()
router.get('/', (ctx) => {
  ctx.body = welcomePage(ctx.procore.user)
})
router.get('/projects', requireProcore(), async (ctx) => {
  ctx.body = await projectsPage(ctx.procore.user, ctx.procore.client)
})
app.use(router.routes())

const server = app.listen(Number(PORT), 'localhost', () => {
  console.log(`Open http://localhost:${PORT}`)
  const [user] = simulator?.users ?? []
  if (user) console.log(`and log in as ${user.login}, password ${user.password}`)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    server.close()
    server.closeAllConnections()
    await simulator?.close()
  })
}
