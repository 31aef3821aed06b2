using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sqlite;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// Starts the server. Prints three lines: the addresses, where messages are stored, and how to join. With a development certificate, prints
/// a fourth line. Reports a failed start in one line.
/// </summary>
public static class ServerRunner
{
    /// <summary>Runs the server until it is shut down.</summary>
    /// <param name="build">Builds the application.</param>
    /// <param name="errors">Receives the error line. If null, the line goes to the standard error.</param>
    /// <returns>The process's exit code: 0, or 1 if a setting is invalid, an address cannot be bound, or the shutdown failed.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build, TextWriter? errors = null)
    {
        errors ??= Console.Error;
        WebApplication? app = null;
        try
        {
            app = build();
            await app.StartAsync();
        }
        catch (Exception fault) when (DescribeStartError(fault) is { } line)
        {
            await errors.WriteLineAsync(line);
            if (app is not null)
                await app.DisposeAsync();
            return 1;
        }

        PrintStartLines(app);
        return await WaitForShutdownAsync(app, errors);
    }

    // The application is disposed of even if a service fails to stop, because the disposal closes the storage properly.
    private static async Task<int> WaitForShutdownAsync(WebApplication app, TextWriter errors)
    {
        try
        {
            await using (app)
                await app.WaitForShutdownAsync();
            return 0;
        }
#pragma warning disable CA1031 // any service may fail to stop, and the line says why
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var why = fault is OperationCanceledException ? "not every service stopped in time" : fault.Message.ReplaceLineEndings(" ");
            await errors.WriteLineAsync($"The shutdown failed: {why}");
            return 1;
        }
    }

    /// <summary>
    /// Describes the error in one line for the operator. Returns null if the cause is not a setting, an address or the data folder.
    /// </summary>
    public static string? DescribeStartError(Exception fault) => fault switch
    {
        SettingException => fault.Message,
        StorageException => $"--Data:Path: {fault.Message}",
        AddressInUseException => $"--urls, --RawTcp:Port: {fault.Message} Another server uses it; try: --urls http://localhost:5090 --RawTcp:Port 5091",
        IOException { InnerException: AddressInUseException inUse } => $"--urls, --RawTcp:Port: {inUse.Message}. {fault.Message} Try: --urls http://localhost:5090 --RawTcp:Port 5091",
        IOException or SocketException => $"--urls, --RawTcp:Port: cannot listen: {fault.Message}",
        AggregateException many => many.InnerExceptions.Select(DescribeStartError).FirstOrDefault(line => line is not null),
        _ => null,
    };

    private static void PrintStartLines(WebApplication app)
    {
        var rawPort = app.Services.GetRequiredService<IOptions<RawTcpOptions>>().Value.Port;
        var all = WebAddress.GetAll(app.Services);
        var at = WebAddress.GetPageAddress(app.Services);
        var web = at.GetLeftPart(UriPartial.Authority);
        var raw = rawPort == 0 ? "" : $" and tcp://{at.Host}:{rawPort}";
        Console.WriteLine($"RawSocketChat listens on {string.Join(", ", all.Select(address => address.GetLeftPart(UriPartial.Authority)))}{raw}");
        Console.WriteLine(DescribeStorage(app));
        // Resolve the certificate only if an address uses TLS, because the first use may create a development certificate.
        var certificate = all.Any(IsHttps) ? app.Services.GetRequiredService<ServerCertificate>() : null;
        var usesDevelopmentCertificate = certificate is { IsDevelopment: true };
        if (usesDevelopmentCertificate)
            Console.WriteLine($"TLS uses a development certificate, and browsers warn about it (set your own with --Tls:Certificate). Its SHA-256 fingerprint is {certificate!.Current.Fingerprint}");
        // nc takes an IPv6 address without brackets.
        var (wscat, scheme) = !IsHttps(at) ? ("npx wscat", "ws") : usesDevelopmentCertificate ? ("npx wscat --no-check", "wss") : ("npx wscat", "wss");
        Console.WriteLine($"To join: open {web} in a browser, or: {wscat} -c '{scheme}://{at.Authority}/ws?name=ann&room=lobby'{(rawPort == 0 ? "" : $", or: nc {at.DnsSafeHost} {rawPort}")}");
    }

    private static bool IsHttps(Uri address) => address.Scheme == Uri.UriSchemeHttps;

    private static string DescribeStorage(WebApplication app) => app.Services.GetRequiredService<IOptions<DataOptions>>().Value.Durability switch
    {
        Durability.None => "Messages are stored in memory only, until this process ends",
        Durability.Process => $"Messages are stored in {app.Services.GetRequiredService<SqliteStorage>().Folder}, and survive a crash of this process",
        _ => $"Messages are stored in {app.Services.GetRequiredService<SqliteStorage>().Folder}, and survive a power failure",
    };
}
