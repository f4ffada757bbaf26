import { guardAttached } from '@procore-auth/core'
import { sendAuthResponse } from '@procore-auth/core/node'
import type { Handler } from './types.js'

/**
 * Lets a request pass when somebody is signed in and connected. A browser that opens a page is sent
 * to `loginPath` and comes back; an API caller gets 401 with JSON.
 *
 * @example
 * app.get('/projects', requireProcore(), (req, res) => …)
 */
export function requireProcore(): Handler {
  return (req, res, next) => {
    guardAttached(req, 'requireProcore() needs app.use(strategy.attach()) before it')
      .then((answer) => (answer ? sendAuthResponse(res, answer) : next()))
      .catch(next)
  }
}
