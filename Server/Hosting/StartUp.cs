using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>Starts the server, tells in three lines how to join (in four where the certificate is one for development), and turns what stops the start into one line.</summary>
public static class StartUp
{
    /// <param name="build">Makes what is to be run.</param>
    /// <param name="errors">Where the one line goes; null is the standard error.</param>
    /// <returns>The process's exit code: 0, or 1 where a setting is bad, an address cannot be had, or the end was not orderly.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build, TextWriter? errors = null)
    {
        errors ??= Console.Error;
        WebApplication? app = null;
        try
        {
            app = build();
            await app.StartAsync();
        }
        catch (Exception fault) when (Explain(fault) is { } line)
        {
            await errors.WriteLineAsync(line);
            if (app is not null)
                await app.DisposeAsync();
            return 1;
        }

        Tell(app);
        return await EndAsync(app, errors);
    }

    // Whatever goes wrong in going down: the storage is closed in order all the same.
    private static async Task<int> EndAsync(WebApplication app, TextWriter errors)
    {
        try
        {
            await using (app)
                await app.WaitForShutdownAsync();
            return 0;
        }
#pragma warning disable CA1031 // any service may have failed to stop, and the line says why
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var why = fault is OperationCanceledException ? "not everything ended in time" : fault.Message.ReplaceLineEndings(" ");
            await errors.WriteLineAsync($"The end was not orderly: {why}");
            return 1;
        }
    }

    /// <summary>One line for a person, or null where it is not a matter of settings.</summary>
    public static string? Explain(Exception fault) => fault switch
    {
        SettingException => fault.Message,
        StorageException => $"--Data:Path: {fault.Message}",
        AddressInUseException => $"--urls, --RawTcp:Port: {fault.Message} Another server runs there; try: --urls http://localhost:5090 --RawTcp:Port 5091",
        IOException { InnerException: AddressInUseException inUse } => $"--urls, --RawTcp:Port: {inUse.Message}. {fault.Message} Try: --urls http://localhost:5090 --RawTcp:Port 5091",
        IOException or SocketException => $"--urls, --RawTcp:Port: cannot listen: {fault.Message}",
        AggregateException many => many.InnerExceptions.Select(Explain).FirstOrDefault(line => line is not null),
        _ => null,
    };

    private static void Tell(WebApplication app)
    {
        var rawPort = app.Services.GetRequiredService<IOptions<RawTcpOptions>>().Value.Port;
        var all = WebAddress.AllOf(app.Services);
        var at = WebAddress.Of(app.Services);
        var web = at.GetLeftPart(UriPartial.Authority);
        var raw = rawPort == 0 ? "" : $" and tcp://{at.Host}:{rawPort}";
        Console.WriteLine($"RawSocketChat listens on {string.Join(", ", all.Select(address => address.GetLeftPart(UriPartial.Authority)))}{raw}");
        Console.WriteLine(KeptIn(app));
        // Asked for only where it is shown: asking makes one.
        var certificate = all.Any(IsOverTls) ? app.Services.GetRequiredService<ServerCertificate>() : null;
        var isByDevelopmentCertificate = certificate is { IsDevelopment: true };
        if (isByDevelopmentCertificate)
            Console.WriteLine($"TLS is by a development certificate, of which browsers warn (--Tls:Certificate names a better one); its SHA-256 is {certificate!.Current.Fingerprint}");
        var (wscat, scheme) = !IsOverTls(at) ? ("npx wscat", "ws") : isByDevelopmentCertificate ? ("npx wscat --no-check", "wss") : ("npx wscat", "wss");
        Console.WriteLine($"To join: open {web} in a browser, or: {wscat} -c '{scheme}://{at.Authority}/ws?name=ann&room=lobby'{(rawPort == 0 ? "" : $", or: nc {at.Host} {rawPort}")}");
    }

    private static bool IsOverTls(Uri address) => address.Scheme == Uri.UriSchemeHttps;

    private static string KeptIn(WebApplication app) => app.Services.GetRequiredService<IOptions<DataOptions>>().Value.Durability switch
    {
        Durability.None => "Messages are kept in memory: they last as long as this process",
        Durability.Process => $"Messages are kept in {app.Services.GetRequiredService<SqliteStorage>().Folder}, and survive the end of this process",
        _ => $"Messages are kept in {app.Services.GetRequiredService<SqliteStorage>().Folder}, and survive the end of this machine",
    };
}
