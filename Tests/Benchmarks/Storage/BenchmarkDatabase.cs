using Npgsql;

namespace RawSocketChat.Tests.Benchmarks.Storage;

/// <summary>A PostgreSQL database for one measurement, removed on dispose.</summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    private readonly string _administrator;
    private readonly string _name = $"rawsocketchat_bench_{Guid.NewGuid():n}";

    private BenchmarkDatabase(string administrator) => _administrator = administrator;

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_administrator) { Database = _name }.ConnectionString;

    /// <param name="administrator">The connection string of a user that may create databases.</param>
    public static async Task<BenchmarkDatabase> CreateAsync(string administrator)
    {
        var database = new BenchmarkDatabase(administrator);
        await database.ExecuteAsync($"CREATE DATABASE {database._name}");
        return database;
    }

    public async ValueTask DisposeAsync() => await ExecuteAsync($"DROP DATABASE {_name} WITH (FORCE)");

    private async Task ExecuteAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(_administrator) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
