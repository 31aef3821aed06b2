namespace RawSocketChat.Tests.Support;

/// <summary>
/// A PostgreSQL primary with one synchronous standby. After a failover, the new primary has no standby until <see cref="AddStandbyAsync"/>.
/// </summary>
public sealed class PostgresPair : IAsyncDisposable
{
    private const string Settings = "-c fsync=off -c synchronous_commit=on";

    private readonly PostgresServer[] _servers;
    private int _primary;
    private bool _hasStandby;

    private PostgresPair(PostgresServer[] servers) => _servers = servers;

    private PostgresServer Primary => _servers[_primary];

    private PostgresServer Standby => _servers[1 - _primary];

    public static async Task<PostgresPair> StartAsync()
    {
        var primary = await PostgresServer.StartAsync(Settings);
        try
        {
            primary.Execute("CREATE DATABASE chat");
            var pair = new PostgresPair([primary, await PostgresServer.StartStandbyAsync(primary, Settings)]);
            await pair.WaitForStandbyAsync();
            return pair;
        }
        catch
        {
            await primary.DisposeAsync();
            throw;
        }
    }

    /// <summary>The connection string with both hosts. A connection leads to the host that is the primary.</summary>
    public string ConnectionString => $"Host={string.Join(',', _servers.Select(server => $"127.0.0.1:{server.Port}"))};Username=chat;Database=chat;Target Session Attributes=primary";

    /// <summary>Kills the primary and all its sessions (SIGKILL). It does not start again, so there is never a second primary.</summary>
    public Task KillPrimaryAsync() => Primary.KillAsync();

    /// <summary>Makes the standby the primary. The new primary commits without a standby.</summary>
    public async Task PromoteAsync()
    {
        await Standby.PromoteAsync();
        (_primary, _hasStandby) = (1 - _primary, false);
    }

    /// <summary>If there is no standby, makes the killed server a synchronous standby of the primary.</summary>
    public async Task AddStandbyAsync()
    {
        if (_hasStandby)
            return;
        await Standby.FollowAsync(Primary);
        await WaitForStandbyAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
    }

    // The standby was copied before the primary got this setting, so the standby does not have the setting when it becomes the primary.
    private async Task WaitForStandbyAsync()
    {
        Primary.Execute("ALTER SYSTEM SET synchronous_standby_names = '*'");
        Primary.Execute("SELECT pg_reload_conf()");
        await TestWait.UntilAsync(() => Primary.ExecuteScalar("SELECT sync_state FROM pg_stat_replication") as string == "sync", "the standby to be synchronous");
        _hasStandby = true;
    }
}
