import { optionsFromEnv } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/fastify'
import { createSimulator } from '@procore-auth/simulator'
import Fastify from 'fastify'
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

const app = Fastify({ forceCloseConnections: true })
await app.register(procoreAuth, options)

app.get('/', async ({ procore }, reply) => {
  return reply.type('text/html').send(welcomePage(procore.user))
})
app.get('/projects', { onRequest: requireProcore() }, async ({ procore }, reply) => {
  return reply.type('text/html').send(await projectsPage(procore.user, procore.client))
})

await app.listen({ host: 'localhost', port: Number(PORT) })
console.log(`Open http://localhost:${PORT}`)
const [user] = simulator?.users ?? []
if (user) console.log(`and log in as ${user.login}, password ${user.password}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, async () => {
    await app.close()
    await simulator?.close()
  })
}
