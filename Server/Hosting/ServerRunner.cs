using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;
using RawSocketChat.Server.Hosting.Tls;
using RawSocketChat.Server.Sessions;
using RawSocketChat.Server.Storage;
using RawSocketChat.Server.Storage.Sql;
using RawSocketChat.Server.Transports.RawTcp;

namespace RawSocketChat.Server.Hosting;

/// <summary>
/// Starts the server. Prints three lines: the addresses, where messages are stored, and how to join. Prints one more line for a development
/// certificate, and one more on a server without guests. Reports a failed start in one line.
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
        StorageException storage => $"--{DataOptions.Section}:{storage.Setting}: {fault.Message}",
        IOException { InnerException: SettingException setting } => setting.Message,
        AddressInUseException => $"--urls, --RawTcp:Port: {fault.Message} Another server uses it; try: --urls http://localhost:5090 --RawTcp:Port 5091",
        IOException { InnerException: AddressInUseException inUse } => $"--urls, --RawTcp:Port: {inUse.Message}. {fault.Message} Try: --urls http://localhost:5090 --RawTcp:Port 5091",
        IOException or SocketException => $"--urls, --RawTcp:Port: cannot listen: {fault.Message}",
        AggregateException many => many.InnerExceptions.Select(DescribeStartError).FirstOrDefault(line => line is not null),
        _ => null,
    };

    // Prints the addresses, where messages are stored, and how to join.
    private static void PrintStartLines(WebApplication app)
    {
        var all = WebAddress.GetAll(app.Services);
        var at = WebAddress.GetPageAddress(app.Services);
        var raw = app.Services.GetRequiredService<IOptions<RawTcpOptions>>().Value;
        // Raw TCP listens on the hosts of the HTTP addresses.
        var rawPort = at is null ? 0 : raw.Port;
        var web = all.Select(address => address.GetLeftPart(UriPartial.Authority)).Concat(WebAddress.GetSockets(app.Services).Select(path => $"http://unix:{path}"));
        var lines = new[] { rawPort == 0 ? null : $"tcp://{at!.Host}:{rawPort}", raw.GetSocketPath() is { } rawSocket ? $"unix:{rawSocket}" : null }.Where(line => line is not null);
        Console.WriteLine($"RawSocketChat listens on {string.Join(" and ", lines.Prepend(string.Join(", ", web)))}{DescribeReach(app, all, rawPort)}");
        Console.WriteLine(DescribeStorage(app));
        // Resolve the certificate only if an address uses TLS, because the first use may create a development certificate.
        var certificate = all.Any(IsHttps) ? app.Services.GetRequiredService<ServerCertificate>() : null;
        var usesDevelopmentCertificate = certificate is { IsDevelopment: true };
        if (usesDevelopmentCertificate)
            Console.WriteLine($"TLS uses a development certificate, and browsers warn about it (set your own with --Tls:Certificate). Its SHA-256 fingerprint is {certificate!.Current.Fingerprint}");
        Console.WriteLine($"To join: {string.Join(", or: ", DescribeHowToJoin(app, at, usesDevelopmentCertificate, rawPort))}");
        if (DescribeLogin(app) is { } login)
            Console.WriteLine(login);
    }

    // Returns the address of the page, and the commands with which a person can join.
    private static IEnumerable<string> DescribeHowToJoin(WebApplication app, Uri? at, bool usesDevelopmentCertificate, int rawPort)
    {
        // On a server without guests, a user must log in, so the command for wscat has no name.
        var query = app.Services.GetRequiredService<IOptions<AuthOptions>>().Value.Guests ? "ws?name=ann&room=lobby" : "ws?format=text";
        if (at is not null)
        {
            var wscat = IsHttps(at) && usesDevelopmentCertificate ? "npx wscat --no-check" : "npx wscat";
            var scheme = IsHttps(at) ? "wss" : "ws";
            yield return $"open {(at.AbsolutePath == "/" ? at.GetLeftPart(UriPartial.Authority) : at)} in a browser";
            yield return $"{wscat} -c '{scheme}://{at.Authority}{at.AbsolutePath}{query}'";
            // nc takes an IPv6 address without brackets.
            if (rawPort != 0)
                yield return $"nc {at.DnsSafeHost} {rawPort}";
        }

        // If the server listens only on Unix domain sockets, the page is at the address of the proxy.
        if (at is null && WebAddress.GetSockets(app.Services) is [var socket, ..])
            yield return $"npx wscat -c 'ws+unix:{socket}:{MountPath.Read(app.Configuration)}/{query}'";
        if (app.Services.GetRequiredService<IOptions<RawTcpOptions>>().Value.GetSocketPath() is { } rawSocket)
            yield return $"nc -U {rawSocket}";
    }

    // Returns the line that says how people log in. Returns null if people may chat as guests.
    private static string? DescribeLogin(WebApplication app)
    {
        var auth = app.Services.GetRequiredService<IOptions<AuthOptions>>().Value;
        var oidc = app.Services.GetRequiredService<IOptions<OidcOptions>>().Value;
        return auth.Guests ? null
            : "Without an account nobody can chat. To log in, type: /login NAME PASSWORD"
                + (auth.Register ? ", to create an account: /register NAME PASSWORD" : "")
                + (oidc.IsEnabled ? $", or on the page: {oidc.DisplayName}" : "");
    }

    // Says why clients on other machines cannot connect, if the operator may expect that they can.
    private static string DescribeReach(WebApplication app, IReadOnlyList<Uri> all, int rawPort)
    {
        const string Allow = $"--{PlaintextOptions.Section}:{nameof(PlaintextOptions.Allowed)} true";
        var isAllowed = app.Services.GetRequiredService<IOptions<PlaintextOptions>>().Value.Allowed;
        var open = all.Where(address => !WebAddress.IsLoopback(address)).ToList();
        if (open.Count == 0)
        {
            return all.Count > 0 && app.Configuration.GetValue<bool>("RUNNING_IN_CONTAINER")
                ? $" (only this container can connect; to change that: --urls http://*:{all[0].Port}{(isAllowed ? "" : $" {Allow}")})"
                : "";
        }

        return !isAllowed && (rawPort != 0 || !open.All(IsHttps)) ? $" (without TLS, the server rejects other machines; to allow them: {Allow})" : "";
    }

    private static bool IsHttps(Uri address) => address.Scheme == Uri.UriSchemeHttps;

    private static string DescribeStorage(WebApplication app)
    {
        var data = app.Services.GetRequiredService<IOptions<DataOptions>>().Value;
        if (data.Durability == Durability.None)
            return "Messages are stored in memory only, until this process ends";
        var location = app.Services.GetRequiredService<SqlStorage>().Location;
        return (data.Durability, data.Postgres) switch
        {
            (Durability.Process, null) => $"Messages are stored in {location}, and survive a crash of this process",
            (_, null) => $"Messages are stored in {location}, and survive a power failure",
            (Durability.Process, _) => $"Messages are stored in {location}, and survive a crash of this process, but not of the database (synchronous_commit = off)",
            _ => $"Messages are stored in {location}, whose setting synchronous_commit decides which failures they survive",
        };
    }
}
