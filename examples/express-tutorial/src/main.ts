import { optionsFromEnv } from '@procore-auth/core'
import { createSimulator, type Simulator } from '@procore-auth/simulator'
import { createApp } from './app.js'
import { openUsers } from './database.js'

const { PORT = '4567', DATABASE = 'test.db', PROCORE_CLIENT_ID } = process.env
const redirectUri = `http://localhost:${PORT}/callback`

const simulator = PROCORE_CLIENT_ID
  ? undefined
  : await createSimulator({ redirectUris: [redirectUri] })
const options = simulator
  ? {
      environment: { loginOrigin: simulator.loginOrigin, apiOrigin: simulator.apiOrigin },
      ...simulator.app,
      redirectUri,
      // The simulator forgets everything when it ends, so nothing sealed before may survive it.
      secret: simulator.app.clientSecret,
    }
  : optionsFromEnv()

const users = openUsers(DATABASE)
const server = createApp(options, users).listen(Number(PORT), 'localhost')

server.once('listening', () => {
  console.log(`\n  Open http://localhost:${PORT}\n`)
  if (simulator) console.log(welcome(simulator))
})
server.once('error', async (error: NodeJS.ErrnoException) => {
  console.error(
    error.code === 'EADDRINUSE'
      ? `Port ${PORT} is in use: end what listens there, or set PORT to another one.`
      : `The server cannot listen: ${error.message}`,
  )
  process.exitCode = 1
  await stop()
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)

async function stop(): Promise<void> {
  server.close()
  server.closeAllConnections()
  users.close()
  await simulator?.close()
}

function welcome({ loginOrigin, users: accounts }: Simulator): string {
  const list = accounts.map(({ login, password }) => `    ${login}   password: ${password}`)
  return [
    `  An offline Procore answers at ${loginOrigin}; no real account is used. Log in there as`,
    ...list,
    '\n  For the real Procore set PROCORE_ENVIRONMENT, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET,',
    '  PROCORE_REDIRECT_URI and PROCORE_AUTH_SECRET first. Ctrl+C ends both.\n',
  ].join('\n')
}
