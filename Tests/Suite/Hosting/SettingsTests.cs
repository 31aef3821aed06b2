using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RawSocketChat.Server.Hosting;
using RawSocketChat.Server.Sockets;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.Hosting;

/// <summary>If a setting is bad, the server does not start: it prints one line that names the setting, and exits with code 1.</summary>
[Category(Categories.Slow)] // starts server processes
[Parallelizable(ParallelScope.Self)]
public sealed class SettingsTests
{
    [TestCase("--Limits:FrameBytes", "abc", "--Limits:FrameBytes: \"abc\" is not a whole number between 1024 and 16777216")]
    [TestCase("--Limits:Enabled", "perhaps", "--Limits:Enabled: \"perhaps\" is not true or false")]
    [TestCase("--Limits:FrameBytes", "3", "--Limits:FrameBytes: 3 is not between 1024 and 16777216")]
    [TestCase("--RawTcp:Port", "70000", "--RawTcp:Port")]
    [TestCase("--Data:KeepEvents", "-1", "--Data:KeepEvents")]
    [TestCase("--Data:KeepDays", "-1", "--Data:KeepDays")]
    [TestCase("--Data:Durability", "fully", "--Data:Durability: \"fully\" is not one of full, process, none")]
    [TestCase("--Data:Postgres", "Host=127.0.0.1;Port=1;Database=chat;Username=chat", "--Data:Postgres: the PostgreSQL database \"chat\" on 127.0.0.1:1 cannot be reached: ")]
    [TestCase("--Data:Nodes", "true", "--Data:Nodes: several servers can serve one chat only with PostgreSQL; add: --Data:Postgres \"Host=localhost;Database=chat;Username=chat\"")]
    [TestCase("--Data:Path", "/dev/null/data", "--Data:Path: the folder \"/dev/null/data\" cannot be created")]
    [TestCase("--Sessions:GuestMinutes", "0", "--Sessions:GuestMinutes")]
    [TestCase("--Sessions:AccountDays", "0", "--Sessions:AccountDays: 0 is not between 1 and 3650")]
    [TestCase("--Sessions:PerAccount", "0", "--Sessions:PerAccount: 0 is not between 1 and 10000")]
    [TestCase("--Limits:LoginAttemptsPerName", "0", "--Limits:LoginAttemptsPerName")]
    [TestCase("--Limits:LoginAttemptsPerAddress", "x", "--Limits:LoginAttemptsPerAddress")]
    [TestCase("--Rooms:QueuedCommands", "0", "--Rooms:QueuedCommands")]
    [TestCase("--Connections:PingSeconds", "0", "--Connections:PingSeconds")]
    [TestCase("--Connections:FirstFrameSeconds", "0", "--Connections:FirstFrameSeconds: 0 is not between 1 and 3600")]
    [TestCase("--RawTcp:PolicyDomains:0", "http://example.org/", "--RawTcp:PolicyDomains:0: \"http://example.org/\" is not a host; try: example.org")]
    [TestCase("--Deflate:Enabled", "yes", "--Deflate:Enabled: \"yes\" is not true or false")]
    [TestCase("--Deflate:MinBytes", "0", "--Deflate:MinBytes: 0 is not between 1 and 16777216")]
    [TestCase("--Deflate:Level", "10", "--Deflate:Level: 10 is not between 1 and 9")]
    [TestCase("--Deflate:ClientContextTakeover", "1", "--Deflate:ClientContextTakeover: \"1\" is not true or false")]
    [TestCase("--Transport:Kind", "libuv", "--Transport:Kind: \"libuv\" is not one of sockets, kestrel")]
    [TestCase("--Transport:Takeover", "perhaps", "--Transport:Takeover: \"perhaps\" is not true or false")]
    [TestCase("--Fanout:GatherMilliseconds", "1001", "--Fanout:GatherMilliseconds: 1001 is not between 0 and 1000")]
    [TestCase("--Transport:Kinds", "kestrel", "did you mean --Transport:Kind?")]
    [TestCase("--Limits:FrameByte", "5000", "did you mean --Limits:FrameBytes?")]
    [TestCase("--Origins:Alowed:0", "https://x", "did you mean --Origins:Allowed?")]
    [TestCase("--urls", "nonsense", "--urls: \"nonsense\" is not an address to listen on; try: --urls http://localhost:5080")]
    [TestCase("--urls", "ftp://localhost:1", "--urls")]
    [TestCase("--urls", "http://127.0.0.1:99999", "--urls: \"http://127.0.0.1:99999\" is not an address to listen on")]
    [TestCase("--urls", "http://127.0.0.1:-1", "--urls")]
    [TestCase("--urls", "http://localhost:http", "--urls")]
    [TestCase("--urls", "http://[::zz]:5080", "--urls")]
    [TestCase("--Data:Path", "", "--Data:Path: the value is empty; try: --Data:Path data")]
    [TestCase("--Data:Path:Folder", "data", "did you mean --Data:Path?")]
    [TestCase("--Limit:TextLength", "5", "--Limit:TextLength: there is no such setting; did you mean --Limits:TextLength?")]
    [TestCase("--Logging:LogLevel:Default", "Loud", "--Logging:LogLevel:Default: \"Loud\" is not one of Trace, Debug")]
    [TestCase("--urls", "http://unix:/dev/null", "unix:/dev/null: this file is not a socket; set another path")]
    [TestCase("--urls", "http://unix:/no/such/folder/chat.sock", "unix:/no/such/folder/chat.sock: cannot listen")]
    [TestCase("--RawTcp:Socket", "/dev/null", "unix:/dev/null: this file is not a socket")]
    [TestCase("--url", "http://localhost:1", "--url: there is no such setting; did you mean --urls?")]
    [TestCase("--port", "8080", "did you mean --urls (HTTP) or --RawTcp:Port?")]
    [TestCase("/port", "8080", "did you mean --urls (HTTP) or --RawTcp:Port?")]
    [TestCase("-p=8080", "", "-p=8080")]
    public async Task Server_names_a_bad_setting_in_one_line(string setting, string value, string part)
    {
        string[] elsewhere = setting == "--urls" ? [] : ["--urls", "http://127.0.0.1:0"];
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync([.. elsewhere, setting, value]);

        exitCode.Should().Be(1);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain(part);
        output.Should().BeEmpty();
    }

    [Test]
    public async Task Server_reports_all_bad_settings_in_one_line()
    {
        var (_, _, error) = await ServerProcess.RunToEndAsync(["--Limits:FrameBytes", "3", "--Sessions:Most", "many", "--Rooms:Tail", "1"]);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should()
            .Contain("--Limits:FrameBytes").And.Contain("--Sessions:Most").And.Contain("--Rooms:Tail").And.Contain("--Rooms:TailBytes");
    }

    [TestCase("--TextLength=5", "--TextLength: there is no such setting; did you mean --Limits:TextLength?")]
    [TestCase("TextLength=5", "--TextLength: there is no such setting; did you mean --Limits:TextLength?")]
    [TestCase("--Tls:TextLenght 5", "--Tls:TextLenght")]
    [TestCase("--Limitz:Foo 5", "did you mean --Limits:Enabled?")]
    [TestCase("--Data data", "--Data: this is a section of settings; did you mean --Data:Path?")]
    [TestCase("--RawTcp 5081", "--RawTcp: this is a section of settings; did you mean --RawTcp:Port?")]
    [TestCase("--nonsense 5", "--nonsense: there is no such setting; Server/docs/settings.md lists all settings")]
    [TestCase("--http_ports 80", "--http_ports")]
    [TestCase("--RawTcp:Port", "--RawTcp:Port: the value is missing")]
    [TestCase("--Limit:A 1 --port 2", "--Limit:A: there is no such setting; did you mean --Limits:Enabled?; --port: there is no such setting")]
    public void Unknown_option_is_an_error(string line, string part) => ReadSettings(line.Split(' ')).Should().Throw<SettingException>().WithMessage($"*{part}*");

    [TestCase("--Auth:Gests false", "--Auth:Gests: there is no such setting; did you mean --Auth:Guests?")]
    [TestCase("--Auth:Guests no", "--Auth:Guests: \"no\" is not true or false")]
    [TestCase("--Auth:Jwt:Keys x", "--Auth:Jwt:Keys: there is no such setting; did you mean --Auth:Jwt:Key?")]
    [TestCase("--Auth:Jwt:ClockSkewSeconds 601", "--Auth:Jwt:ClockSkewSeconds: 601 is not between 0 and 600")]
    [TestCase("--ClockSkewSecond 5", "did you mean --Auth:Jwt:ClockSkewSeconds?")]
    [TestCase("--Auth:Oidc:ClientID2 x", "--Auth:Oidc:ClientID2: there is no such setting; did you mean --Auth:Oidc:ClientId?")]
    [TestCase("--Auth:Oidc:ClockSkewSeconds 601", "--Auth:Oidc:ClockSkewSeconds: 601 is not between 0 and 600")]
    [TestCase("--Auth:Oidc:Require:0 staff", "--Auth:Oidc:Require:0: \"staff\" is not a condition; try: groups=chat")]
    [TestCase("--Rooms:ReservedNames:0 #staff", "--Rooms:ReservedNames:0: \"#staff\" is not the name of a room; try: staff")]
    [TestCase("--Web:FrameAncestors:0 https://a.example/", "--Web:FrameAncestors:0: \"https://a.example/\" is not an origin; try: https://example.org")]
    [TestCase("--Web:FrameAncestors:0 *", "--Web:FrameAncestors:0: \"*\" is not an origin")]
    public void Bad_setting_of_a_section_is_an_error(string line, string part) => ReadSettings(line.Split(' ')).Should().Throw<SettingException>().WithMessage($"*{part}*");

    [TestCase("--Auth:Jwt:Key short", "--Auth:Jwt:Key: the key has 5 bytes, but HS256 needs at least 32 random bytes*")]
    [TestCase("--Auth:Jwt:Jwks /no/such/file", "--Auth:Jwt:Jwks: the file \"/no/such/file\" cannot be read*")]
    [TestCase("--Auth:Jwt:Audience chat", "--Auth:Jwt:Audience: no key is set; set --Auth:Jwt:Key or --Auth:Jwt:Jwks")]
    [TestCase("--Auth:Oidc:ClientId chat", "--Auth:Oidc:ClientId: no provider is set; set --Auth:Oidc:Authority*")]
    [TestCase("--Auth:Oidc:Authority login.example.org --Auth:Oidc:ClientId chat", "--Auth:Oidc:Authority: \"login.example.org\" is not the address of a provider*")]
    [TestCase("--Auth:Oidc:Authority http://login.example.org --Auth:Oidc:ClientId chat", "--Auth:Oidc:Authority: over http, anybody*set an https address")]
    [TestCase("--Auth:Oidc:Authority https://login.example.org", "--Auth:Oidc:ClientId: the value is missing*")]
    [TestCase("--Auth:Oidc:Authority https://a.example --Auth:Oidc:ClientId chat --Auth:Oidc:ClientSecret=", "--Auth:Oidc:ClientSecret: the value is empty*")]
    [TestCase("--Auth:Oidc:Authority https://a.example --Auth:Oidc:ClientId chat --Auth:Oidc:Scopes profile", "--Auth:Oidc:Scopes: the scope openid is missing*")]
    [TestCase("--Auth:Oidc:Authority https://a.example --Auth:Oidc:ClientId chat --Auth:Oidc:PublicOrigin https://b.example/", "--Auth:Oidc:PublicOrigin: \"https://b.example/\" is not a scheme and a host*")]
    [TestCase("--Auth:Oidc:Authority https://a.example --Auth:Oidc:ClientId chat --Auth:Oidc:DisplayName=", "--Auth:Oidc:DisplayName: the text must have 1 to 60 characters*")]
    [TestCase("--Web:Color red", "--Web:Color: \"red\" is not a color; try: #1f6feb")]
    [TestCase("--Web:Color #fff", "--Web:Color: \"#fff\" is not a color; try: #1f6feb")]
    [TestCase("--Web:Name 12345678901234567890123456789012345678901", "--Web:Name: the name must have 1 to 40 characters, and no control characters")]
    public void Server_does_not_start_with_an_unusable_setting(string line, string message) =>
        FluentActions.Invoking(() => Server.Program.Build(line.Split(' '))).Should().Throw<SettingException>().WithMessage(message);

    [TestCase("")]
    [TestCase("--Auth:Guests false --Auth:Jwt:Key x --auth:jwt:issuer https://a.example --Web:FrameAncestors:0 https://a.example:8443")]
    [TestCase("--urls http://localhost:1 --environment Development --contentRoot / --AllowedHosts *")]
    [TestCase("--Logging:LogLevel:Default Debug --Logging:Console:LogLevel:Default Information --Kestrel:Limits:MaxConcurrentConnections 5")]
    [TestCase("/limits:textlength 5 Data:Path=x --DATA:KEEPDAYS=3 --Origins:Allowed:0 https://a.example")]
    public void Known_option_is_accepted(string line) => ReadSettings(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Should().NotThrow();

    [TestCase("Limit__TextLength", "RSC_Limit__TextLength: there is no such setting; did you mean RSC_Limits__TextLength?")]
    [TestCase("DATA_PATH", "RSC_DATA_PATH: there is no such setting; did you mean RSC_Data__Path?")]
    [TestCase("PORT", "did you mean RSC_urls (HTTP) or RSC_RawTcp__Port?")]
    [TestCase("Limits__TextLength", null)]
    [TestCase("URLS", null)]
    [TestCase("CRASH_ROUNDS", null)]
    [TestCase("ATTACK_SECONDS", null)]
    [TestCase("LAB_SCREENSHOT", null)]
    [TestCase("SOCKETS_SEED", null)]
    [TestCase("ROAM_SECONDS", null)]
    [TestCase("ROAM_SEED", null)]
    [TestCase("CRASH_SEED", null)]
    [TestCase("Logging__LogLevel__Default", null)]
    public void Environment_variable_is_an_error_only_if_it_is_unknown(string name, string? error)
    {
        var environment = new ConfigurationBuilder().AddInMemoryCollection([KeyValuePair.Create(name.Replace("__", ":"), (string?)"5")]).Build();
        GivenSettings.FindErrors([], environment).Where(found => error is null || !found.EndsWith(error, StringComparison.Ordinal)).Should().BeEmpty();
        GivenSettings.FindErrors([], environment).Should().HaveCount(error is null ? 0 : 1);
    }

    private static IConfiguration CreateConfiguration(params (string Key, string Value)[] settings) =>
        new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build();

    private static Action ReadSettings(string[] args) => () => new ConfigurationManager().AddSettings(args);

    [Test]
    public async Task Server_names_an_unknown_variable_in_one_line()
    {
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync(["--urls", "http://127.0.0.1:0"], ("RSC_Limit__TextLength", "5"));
        exitCode.Should().Be(1);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("did you mean RSC_Limits__TextLength?");
        output.Should().BeEmpty();
    }

    [Test]
    public async Task Setting_is_read_from_the_environment()
    {
        var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--urls", "http://127.0.0.1:0"], ("RSC_Limits__TextLength", "0"));
        exitCode.Should().Be(1);
        error.Should().Contain("--Limits:TextLength");
    }

    [TestCase("sockets", true)]
    [TestCase("kestrel", false)]
    public async Task Setting_chooses_the_socket_transport_under_Kestrel(string kind, bool isOurs)
    {
        await using var server = await ServerUnderTest.StartAsync("--Transport:Kind", kind);
        server.Services.GetServices<IConnectionListenerFactory>().Any(factory => factory is SocketTransport).Should().Be(isOurs);
        new TransportOptions().Kind.Should().Be(TransportKind.Sockets);
    }

    [Test]
    public async Task Server_reports_a_port_in_use_in_one_line()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        var (exitCode, _, error) = await ServerProcess.RunToEndAsync(["--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0"]);
        exitCode.Should().Be(1);
        error.Trim().Split('\n').Should().ContainSingle().Which.Should().Contain("--urls").And.Contain($"{port}").And.Contain("in use");
    }

    [Test]
    public async Task Server_prints_three_lines_at_the_start_and_exits_with_0_on_SIGTERM()
    {
        var (http, raw) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        await using var server = await ServerProcess.StartAsync("--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}");
        server.Lines.Should().HaveCount(3);
        server.Lines[0].Should().Contain($"http://127.0.0.1:{http}").And.Contain($"{raw}");
        server.Lines[2].Should().Contain($"ws://127.0.0.1:{http}/ws?name=ann&room=lobby").And.Contain($"nc 127.0.0.1 {raw}");
        (await server.TerminateAsync()).Should().Be(0);
    }

    [Test]
    public async Task Server_without_guests_prints_how_people_log_in()
    {
        var (http, raw) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        await using var server = await ServerProcess.StartAsync(
            "--urls", $"http://127.0.0.1:{http}", "--RawTcp:Port", $"{raw}", "--Auth:Guests", "false", "--Auth:Oidc:Authority", "https://a.example", "--Auth:Oidc:ClientId", "chat");
        server.Lines[2].Should().Contain($"ws://127.0.0.1:{http}/ws?format=text'").And.NotContain("name=ann");
        await TestWait.UntilAsync(() => server.Lines.Count == 4, "the fourth line");
        server.Lines[3].Should().Be("Without an account nobody can chat. To log in, type: /login NAME PASSWORD, to create an account: /register NAME PASSWORD, or on the page: Log in with single sign-on");
    }

    [Test]
    public async Task Server_prints_an_IPv6_address_for_nc_without_brackets()
    {
        var (http, raw) = (ServerUnderTest.FindFreePort(), ServerUnderTest.FindFreePort());
        await using var server = await ServerProcess.StartAsync("--urls", $"http://[::1]:{http}", "--RawTcp:Port", $"{raw}");
        server.Lines[0].Should().Contain($"tcp://[::1]:{raw}");
        server.Lines[2].Should().Contain($"http://[::1]:{http}").And.Contain($"ws://[::1]:{http}/ws").And.EndWith($"nc ::1 {raw}");
    }

    [TestCase("8080", "http://*:8080")]
    [TestCase("8080;8081", "http://*:8080 http://*:8081")]
    public void Port_variables_of_a_container_become_addresses_on_all_interfaces(string ports, string urls) =>
        ListenerSetup.GetUrls(CreateConfiguration(("http_ports", ports))).Should().Equal(urls.Split(' '));

    [Test]
    public void Addresses_take_precedence_over_the_port_variables_of_a_container() =>
        ListenerSetup.GetUrls(CreateConfiguration(("urls", "http://localhost:1"), ("http_ports", "2"), ("https_ports", "3"))).Should().Equal("http://localhost:1");

    [Test]
    public async Task Server_uses_the_port_variable_of_a_container_and_says_that_it_rejects_other_machines()
    {
        var port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync([("ASPNETCORE_HTTP_PORTS", $"{port}")], "--RawTcp:Port", "0");
        server.Lines.Should().HaveCount(3);
        server.Lines[0].Should().Contain($":{port}").And.EndWith("(without TLS, the server rejects other machines; to allow them: --Plaintext:Allowed true)");
        using var http = new HttpTestClient(port);
        (await http.GetAsync("/healthz")).Status.Should().Be(200);
    }

    [Test]
    public async Task Server_reports_a_bad_port_variable_of_a_container_in_one_line()
    {
        var (exitCode, output, error) = await ServerProcess.RunToEndAsync([], ("ASPNETCORE_HTTP_PORTS", "http"));
        (exitCode, output).Should().Be((1, ""));
        error.Trim().Should().Be("ASPNETCORE_HTTP_PORTS: \"http\" is not a port; try: ASPNETCORE_HTTP_PORTS=8080");
    }

    [Test]
    public async Task Server_in_a_container_says_that_only_the_container_can_connect()
    {
        var port = ServerUnderTest.FindFreePort();
        await using var server = await ServerProcess.StartAsync([("DOTNET_RUNNING_IN_CONTAINER", "true")], "--urls", $"http://127.0.0.1:{port}", "--RawTcp:Port", "0");
        server.Lines[0].Should().EndWith($"(only this container can connect; to change that: --urls http://*:{port} --Plaintext:Allowed true)");
    }

    [TestCase("127.0.0.1 localhost", "localhost")]
    [TestCase("localhost [::1] 127.0.0.1 192.0.2.7", "localhost 192.0.2.7")]
    [TestCase("127.0.0.1 [::1]", "127.0.0.1 [::1]")]
    [TestCase("localhost 0.0.0.0", "0.0.0.0")]
    [TestCase("localhost * 127.0.0.1", "*")]
    [TestCase("127.0.0.1 [::]", "[::]")]
    public void Raw_TCP_port_is_not_bound_to_a_host_that_another_host_covers(string hosts, string bound) =>
        ListenerSetup.RemoveCoveredHosts(hosts.Split(' ')).Should().Equal(bound.Split(' '));
}
