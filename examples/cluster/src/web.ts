import type { Worker } from 'node:cluster'
import { once } from 'node:events'
import { isProcoreAuthError } from '@procore-auth/core'
import { procoreAuth, requireProcore } from '@procore-auth/express'
import express, { type Express, type NextFunction, type Request, type Response } from 'express'
import { joinCluster, type Membership } from './join-cluster.js'

const PATIENCE_MS = 2_000

/** Serves the site; all web processes listen on the same port. */
export function startWeb(worker: Worker): void {
  const { PORT = '4567' } = process.env
  const membership = joinCluster(worker, async () => {
    const closed = once(server, 'close')
    server.close()
    setTimeout(() => server.closeAllConnections(), PATIENCE_MS).unref()
    await closed
  })
  const server = createApp(membership).listen(Number(PORT), 'localhost')
  server.once('listening', () => membership.primary.ask({ kind: 'ready' }))
  server.once('error', (error: NodeJS.ErrnoException) => {
    console.error(
      error.code === 'EADDRINUSE'
        ? `Port ${PORT} is in use: end what listens there, or set PORT to another one.`
        : `The server cannot listen: ${error.message}`,
    )
    process.exit(1)
  })
}

function createApp({ auth, primary }: Membership): Express {
  const app = express()
  app.set('view engine', 'ejs')
  app.set('views', new URL('../views', import.meta.url).pathname)
  app.locals['paths'] = auth.paths
  app.use(express.static(new URL('../public', import.meta.url).pathname, { index: false }))
  app.use((_req, res, next) => {
    res.set('Content-Security-Policy', "default-src 'none'; style-src 'self'; img-src data:")
    // The processes take turns by connection. One for each request lets everybody see that.
    res.set('Connection', 'close')
    next()
  })

  app.use(procoreAuth(auth))

  app.get('/', async (req, res) => {
    const { user } = req.procore
    // The session is known here; the store knows whether another process has ended the connection.
    const connection = user && (await auth.status(user.id))
    if (!user || connection?.state !== 'connected') {
      res.render('welcome', { connection, pid: process.pid })
      return
    }
    const board = await primary.ask({ kind: 'show', principal: user.id })
    res.render('board', { user, board, pid: process.pid })
  })

  const tellPrimary =
    (...kinds: readonly ('expire' | 'call-from-everywhere')[]) =>
    async (req: Request, res: Response): Promise<void> => {
      const principal = req.procore.user?.id ?? ''
      for (const kind of kinds) await primary.ask({ kind, principal })
      res.redirect(303, '/')
    }
  app.post('/expire', fromOwnPage, requireProcore(), tellPrimary('expire'))
  app.post('/call', fromOwnPage, requireProcore(), tellPrimary('call-from-everywhere'))
  app.post('/race', fromOwnPage, requireProcore(), tellPrimary('expire', 'call-from-everywhere'))

  app.use((error: unknown, _req: Request, res: Response, next: NextFunction) => {
    if (isProcoreAuthError(error)) res.status(error.status).render('failed', { error })
    else next(error)
  })
  return app
}

/**
 * Refuses a form that another site sends. The session cookie is `SameSite=Lax` and stays behind then;
 * but other ports of localhost are the same site, so the browser is asked for the origin as well.
 */
function fromOwnPage(req: Request, res: Response, next: NextFunction): void {
  if ((req.get('sec-fetch-site') ?? 'same-origin') === 'same-origin') next()
  else res.status(403).send('This form belongs to another page.')
}
