namespace RawSocketChat.Tests.Support;

/// <summary>The settings that choose where a test server stores its data.</summary>
public static class TestEngine
{
    public const string Postgres = "postgres";

    // RSC_TEST_ENGINE=postgres runs each server of the suite on PostgreSQL, unless the test itself sets where or how the server stores data.
    private static readonly bool PrefersPostgres = Environment.GetEnvironmentVariable("RSC_TEST_ENGINE") == Postgres;

    /// <param name="engine">A value of <c>Data:Durability</c> for SQLite and memory, or <see cref="Postgres"/>.</param>
    public static async Task<string[]> GetSettingsAsync(string engine) =>
        engine == Postgres ? ["--Data:Postgres", await PostgresServer.CreateDatabaseAsync()] : ["--Data:Durability", engine];

    /// <summary>
    /// Returns the settings that select PostgreSQL for a test server. Returns no settings if <c>RSC_TEST_ENGINE</c> does not select PostgreSQL, or if
    /// the test's own settings say where or how the server stores data.
    /// </summary>
    /// <param name="settings">The test's own settings.</param>
    public static async Task<string[]> GetDefaultSettingsAsync(string[] settings) =>
        PrefersPostgres && !Array.Exists(settings, setting => setting is "--Data:Path" or "--Data:Durability" or "--Data:Postgres" or "--Data:MaxBytes" or "--Data:MaxWalMegabytes")
            ? await GetSettingsAsync(Postgres)
            : [];
}
