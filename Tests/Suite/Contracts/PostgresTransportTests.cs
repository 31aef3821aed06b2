using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Contracts;

/// <summary>Runs the contract of the transports on a server with PostgreSQL.</summary>
[Category(Categories.Slow)] // runs PostgreSQL
public sealed class WebSocketOnPostgresTests : WebSocketTransportTests
{
    protected override async Task<ServerUnderTest> StartAsync(params string[] settings) =>
        await base.StartAsync([.. settings, "--Data:Postgres", await PostgresServer.CreateDatabaseAsync()]);
}
