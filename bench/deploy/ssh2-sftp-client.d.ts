/** The part of it that the bench calls; it brings no types of its own. */
declare module 'ssh2-sftp-client' {
  import type { ConnectConfig } from 'ssh2';
  export default class Client {
    connect(options: ConnectConfig): Promise<unknown>;
    uploadDir(from: string, to: string): Promise<string>;
    end(): Promise<boolean>;
  }
}
