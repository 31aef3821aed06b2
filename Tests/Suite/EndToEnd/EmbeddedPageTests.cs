using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Playwright;
using RawSocketChat.Protocol.Chat;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// The page in a frame of another site. The site serves the example of Server/docs/operations.md. The site is at <c>localhost</c> and the
/// chat at <c>127.0.0.1</c>, so the browser sends no cookie of the chat from the frame.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed partial class EmbeddedPageTests
{
    private WebApplication _site = null!;
    private ServerUnderTest _server = null!;
    private string _siteAddress = "";
    private Func<string> _createToken = () => CreateToken(TimeSpan.Zero);

    [SetUp]
    public async Task Start()
    {
        _siteAddress = $"http://localhost:{ServerUnderTest.FindFreePort()}";
        _createToken = () => CreateToken(TimeSpan.Zero);
        _server = await ServerUnderTest.StartAsync(
            "--Auth:Jwt:Key", TestTokens.Key, "--Auth:Guests", "false", "--Auth:Register", "false", "--Web:FrameAncestors:0", _siteAddress);
        var builder = WebApplication.CreateBuilder();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        _site = builder.Build();
        _site.MapGet("/", () => Results.Content(ReadExample().Replace("https://chat.example.org", $"http://127.0.0.1:{_server.HttpPort}", StringComparison.Ordinal), "text/html"));
        _site.MapGet("/chat-token", () => _createToken());
        _site.Urls.Add(_siteAddress);
        await _site.StartAsync();
    }

    [TearDown]
    public async Task Stop()
    {
        await _site.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public void Example_has_ten_lines() => ReadExample().Trim().Split('\n').Should().HaveCount(10);

    [Test]
    public async Task Site_logs_its_user_in_and_the_user_chats_without_a_cookie()
    {
        var (tab, frame) = await OpenAsync();
        await ExpectInsideAsync(frame, "support");
        foreach (var hidden in (string[])["#rail", "#people", "#open-rail", "#toggle-people", "#open-search", "#open-room-menu", "#leave"])
            await Assertions.Expect(frame.Locator(hidden)).ToBeHiddenAsync();
        await using var bob = await ConnectAsync("43", "Bob");
        await frame.Locator("#input").FillAsync("where is my parcel?");
        await frame.Locator("#input").PressAsync("Enter");
        await bob.Inbox.ExpectAsync<MessageFrame>(message => message is { Text: "where is my parcel?", From.Name: "Ann" });
        await bob.SendAsync(ChatPeerExtensions.Say("on its way"));
        await Assertions.Expect(frame.Locator("#log .message .text").Filter(new() { HasText = "on its way" })).ToBeVisibleAsync();
        (await tab.Context.CookiesAsync()).Should().BeEmpty("browsers block cookies of other sites in frames");

        await frame.Locator("#open-full").FocusAsync();
        var full = await tab.Context.RunAndWaitForPageAsync(() => frame.Locator("#open-full").ClickAsync());
        full.Url.Should().Be($"http://127.0.0.1:{_server.HttpPort}/?room=support");
        await tab.Context.CloseAsync();
    }

    [Test]
    public async Task Page_asks_the_site_for_another_token_if_a_token_has_expired()
    {
        var tokens = new Queue<string>([CreateToken(TimeSpan.FromHours(-1)), CreateToken(TimeSpan.Zero)]);
        _createToken = tokens.Dequeue;
        var (tab, frame) = await OpenAsync();
        await ExpectInsideAsync(frame, "support");
        tokens.Should().BeEmpty();
        await tab.Context.CloseAsync();
    }

    [Test]
    public async Task Page_asks_the_site_for_at_most_two_tokens_if_all_are_wrong_and_shows_the_reason()
    {
        var asked = 0;
        _createToken = () =>
        {
            asked++;
            return "a.b.c";
        };
        var (tab, frame) = await OpenAsync();
        await Assertions.Expect(frame.Locator("#join-note")).ToContainTextAsync("was not accepted");
        await TestWait.UntilAsync(() => asked == 2, "the second request");
        await tab.Context.CloseAsync();
        asked.Should().Be(2);
    }

    [Test]
    public async Task Page_asks_the_site_for_another_token_when_its_session_has_ended()
    {
        var (tab, frame) = await OpenAsync();
        await ExpectInsideAsync(frame, "support");
        await using (var ann = await ConnectAsync("42", "Ann"))
            await ann.RequestAsync<AckFrame>(new ClientFrame { Type = ClientFrameType.Logout, Everywhere = true, Id = FrameId.From("out") });
        await Assertions.Expect(frame.Locator("#log .notice").Filter(new() { HasText = "You are logged in again" })).ToBeVisibleAsync();
        await ExpectInsideAsync(frame, "support");
        await tab.Context.CloseAsync();
    }

    [Test]
    public async Task Page_of_another_site_cannot_show_the_frame()
    {
        var tab = await Chromium.NewPageAsync();
        await tab.GotoAsync(_siteAddress.Replace("localhost", "127.0.0.1", StringComparison.Ordinal));
        await Assertions.Expect(tab.FrameLocator("#chat").Locator("#entrance")).ToHaveCountAsync(0);
        await TestWait.UntilAsync(() => tab.Frames.Any(frame => frame.Url.StartsWith("chrome-error:", StringComparison.Ordinal)), "the blocked frame");
        await tab.Context.CloseAsync();
    }

    private async Task<(IPage Tab, IFrameLocator Frame)> OpenAsync()
    {
        await using (var owner = await ConnectAsync("1", "Owner", room: null))
            await owner.RequestAsync<JoinedFrame>(new ClientFrame { Type = ClientFrameType.Create, Room = "support", Id = FrameId.From("create") });
        var tab = await Chromium.NewPageAsync();
        await tab.GotoAsync(_siteAddress);
        return (tab, tab.FrameLocator("#chat"));
    }

    private async Task<ChatClient> ConnectAsync(string subject, string name, string? room = "support")
    {
        var client = await ChatClient.ConnectAsync(_server.HttpPort);
        var jwt = TestTokens.SignHs256(TestTokens.Claims(TimeProvider.System.GetUtcNow(), subject, name));
        await client.RequestAsync<WelcomeFrame>(new ClientFrame { Type = ClientFrameType.Hello, Jwt = jwt, Id = FrameId.From("hello") });
        if (room is not null)
            await client.RequestAsync<JoinedFrame>(ChatPeerExtensions.Join(room));
        return client;
    }

    private static async Task ExpectInsideAsync(IFrameLocator frame, string room)
    {
        await Assertions.Expect(frame.Locator("#banner")).ToHaveAttributeAsync("data-state", "online");
        await Assertions.Expect(frame.Locator("#room-name")).ToHaveTextAsync($"#{room}");
    }

    private static string CreateToken(TimeSpan offset) => TestTokens.SignHs256(TestTokens.Claims(TimeProvider.System.GetUtcNow() + offset));

    private static string ReadExample() =>
        ExamplePattern().Match(File.ReadAllText(Path.Combine(Repository.Root, "Server", "docs", "operations.md"))).Groups[1].Value;

    [GeneratedRegex("```html\n(<!doctype html>\n.*?)```", RegexOptions.Singleline)]
    private static partial Regex ExamplePattern();
}
