import { Module } from '@nestjs/common'
import { ProcoreAuthModule } from '@procore-auth/nestjs'
import { PagesController } from './pages.controller.js'
import { ProcoreSettings } from './procore-settings.js'

@Module({
  imports: [ProcoreAuthModule.forRootAsync({ useClass: ProcoreSettings })],
  controllers: [PagesController],
})
export class AppModule {}
