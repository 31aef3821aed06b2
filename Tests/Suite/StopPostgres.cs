using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests;

/// <summary>Stops the shared PostgreSQL server after the last test.</summary>
[SetUpFixture]
public sealed class StopPostgres
{
    [OneTimeTearDown]
    public Task StopAsync() => PostgresServer.StopSharedAsync();
}
