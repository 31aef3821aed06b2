using Microsoft.Playwright;
using RawSocketChat.Tests.Support;

namespace RawSocketChat.Tests.EndToEnd;

/// <summary>
/// Logins on the page: with a provider and with a password, on servers with and without guests. The chat is at <c>localhost</c> and the provider at
/// <c>127.0.0.1</c>, so the browser treats them as two sites.
/// </summary>
[Category(Categories.Slow)] // runs Chromium
public sealed class ProviderLoginTests
{
    private TestProvider _provider = null!;

    [SetUp]
    public async Task StartProvider() => _provider = await TestProvider.StartAsync();

    [TearDown]
    public async Task StopProvider() => await _provider.DisposeAsync();

    [Test]
    public async Task Person_logs_in_with_the_button_and_comes_back_to_the_room()
    {
        await using var server = await StartAsync("--Auth:Guests", "false", "--Auth:Register", "false");
        await using var page = await ChatPage.OpenAsync($"http://localhost:{server.HttpPort}/?room=lobby");
        var button = page.Page.Locator("#sign-on");
        await Assertions.Expect(button).ToHaveTextAsync("Log in with Example");
        await Assertions.Expect(page.Page.Locator("#name")).ToBeHiddenAsync();
        await Assertions.Expect(page.Page.Locator("#join-go")).ToBeHiddenAsync();

        await button.ClickAsync();
        await page.ExpectInsideAsync("lobby");
        await Assertions.Expect(page.Page.Locator("#my-name")).ToContainTextAsync("Ann-Smith");
        page.Page.Url.Should().Be($"http://localhost:{server.HttpPort}/?room=lobby");
        await page.SayAsync("hello from a login");
        await page.ExpectMessageAsync("hello from a login");
        (await page.Page.Context.CookiesAsync()).Select(cookie => cookie.Name).Should().Equal("rsc_session");

        await page.Page.ReloadAsync();
        await page.ExpectInsideAsync("lobby");
        await page.Page.ClickAsync("#me");
        await page.Page.ClickAsync("#log-out");
        await Assertions.Expect(button).ToBeVisibleAsync();
        await page.Page.ReloadAsync();
        await Assertions.Expect(button).ToBeVisibleAsync();
        page.Errors.Should().BeEmpty();
        (await page.ViolationsAsync()).Should().BeEmpty();
    }

    [Test]
    public async Task Server_with_guests_offers_the_login_button_beside_the_form()
    {
        await using var server = await StartAsync();
        await using var page = await ChatPage.OpenAsync($"http://localhost:{server.HttpPort}/");
        await Assertions.Expect(page.Page.Locator("#name")).ToBeVisibleAsync();
        await page.Page.ClickAsync("#sign-on");
        await page.ExpectInsideAsync("lobby");
        await Assertions.Expect(page.Page.Locator("#my-name")).ToContainTextAsync("Ann-Smith");
    }

    [Test]
    public async Task Forged_return_from_the_provider_joins_no_room_without_a_question()
    {
        await using var server = await StartAsync();
        await using var page = await ChatPage.OpenAsync($"http://localhost:{server.HttpPort}/");
        await page.Page.ClickAsync("#sign-on");
        await page.ExpectInsideAsync("lobby");
        await using (var other = await ChatClient.ConnectAsync(server.HttpPort, "/ws?name=bob"))
            await other.RequestAsync<RawSocketChat.Protocol.Chat.JoinedFrame>(new RawSocketChat.Protocol.Chat.ClientFrame { Type = RawSocketChat.Protocol.Chat.ClientFrameType.Create, Room = "trap", Id = RawSocketChat.Protocol.Chat.FrameId.From(1) });
        await page.Page.GotoAsync("about:blank");
        await page.Page.GotoAsync($"http://localhost:{server.HttpPort}/?room=trap#signed-in");
        await Assertions.Expect(page.Page.Locator("#link-question")).ToBeVisibleAsync();
        await page.ExpectInsideAsync("lobby");
    }

    [Test]
    public async Task Cancelled_login_leads_back_to_the_chat()
    {
        await using var server = await StartAsync("--Auth:Guests", "false");
        _provider.Error = "access_denied";
        await using var page = await ChatPage.OpenAsync($"http://localhost:{server.HttpPort}/?room=lobby");
        await page.Page.ClickAsync("#sign-on");
        await Assertions.Expect(page.Page.GetByText("The login was cancelled")).ToBeVisibleAsync();
        _provider.Error = null;
        await page.Page.GetByText("Try again").ClickAsync();
        await page.ExpectInsideAsync("lobby");
    }

    [Test]
    public async Task Server_without_guests_lets_a_person_create_an_account_and_log_in_with_it()
    {
        await using var server = await ServerUnderTest.StartAsync("--Auth:Guests", "false");
        await using var page = await ChatPage.OpenAsync($"http://localhost:{server.HttpPort}/?name=ann&room=lobby");
        await Assertions.Expect(page.Page.Locator("#join-title")).ToHaveTextAsync("Log in to the chat");
        await Assertions.Expect(page.Page.Locator("#join-note")).ToBeHiddenAsync();
        await Assertions.Expect(page.Page.Locator("#sign-on")).ToBeHiddenAsync();

        await page.Page.ClickAsync("#have-account");
        await Assertions.Expect(page.Page.Locator("#join-go")).ToHaveTextAsync("Create account");
        await page.Page.FillAsync("#name", "ann");
        await page.Page.FillAsync("#password", "short");
        await page.Page.ClickAsync("#show-password");
        await Assertions.Expect(page.Page.Locator("#password")).ToHaveAttributeAsync("type", "text");
        await page.Page.ClickAsync("#join-go");
        await Assertions.Expect(page.Page.Locator("#join-note")).ToContainTextAsync("8 to 256 characters");
        await page.Page.FillAsync("#password", AccountSteps.Password);
        await page.Page.ClickAsync("#join-go");
        await page.ExpectInsideAsync("lobby");

        await AccountSteps.LogOutAsync(page);
        await page.Page.FillAsync("#name", "ann");
        await page.Page.FillAsync("#password", "another password");
        await page.Page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Page.Locator("#join-note")).ToContainTextAsync("wrong");
        await page.Page.FillAsync("#password", AccountSteps.Password);
        await page.Page.Keyboard.PressAsync("Enter");
        await page.ExpectInsideAsync("lobby");
    }

    private Task<ServerUnderTest> StartAsync(params string[] settings) => ServerUnderTest.StartAsync([.. _provider.Settings, .. settings]);
}
