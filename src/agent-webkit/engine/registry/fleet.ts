/** This server's place among those that share its storage. */
export interface Fleet {
  /** True while another server shares the storage. */
  readonly hasOthers: boolean;
  /** True while no other server can have taken over a session in this server's memory. */
  readonly isCertain: boolean;
}
