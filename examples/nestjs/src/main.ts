import 'reflect-metadata'
import { NestFactory } from '@nestjs/core'
import { AppModule } from './app.module.js'

const { PORT = '4567' } = process.env

const app = await NestFactory.create(AppModule, {
  logger: ['error', 'warn'],
  forceCloseConnections: true,
})
await app.listen(Number(PORT), 'localhost')
console.log(`Open http://localhost:${PORT}`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => app.close())
